"""The keyboard on the screen: letters, digits and marks; and the pad for phone numbers. Keys never show a preview."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.measure import BODY
from huiyin_kiosk.ui.stage import LEAD, TITLE, Panel, Stage
from huiyin_kiosk.ui.touchable import LIFTED, PRIMARY, SOFT, Look, PushButton
from huiyin_kiosk.visit.happenings import Erased, ErasedAll, Happening, Typed

_LETTERS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SYMBOLS = ("1234567890", "-/:()¥@“”", ",.?!;…%")
_KEY_GAP = 2.0

Layer = Literal["small", "large", "symbols"]


class _Key(NamedTuple):
    """A key to be: what it shows, how wide it is in letter keys, what it does."""

    name: str
    text: str
    wide: float
    on_touched: Callable[[], Happening | None]
    look: Look = LIFTED
    sign: str = ""
    size: float = LEAD


class Keyboard(Panel):
    """Letters and symbols in four rows. It knows only which layer is up; what is typed goes to the visit."""

    def __init__(self, stage: Stage, area: Area) -> None:
        super().__init__(stage, area)
        self._layer: Layer = "small"
        self._build()

    def _build(self) -> None:
        self.clear_widgets()
        px = self.stage.px
        rows = self.area.rows(4, px(_KEY_GAP))
        unit = (rows[0].width - 9 * px(_KEY_GAP)) / 10
        for row, keys in zip(rows, self._rows(), strict=True):
            gap = px(_KEY_GAP)
            wide = sum(key.wide * unit for key in keys) + (len(keys) - 1) * gap
            at = row.x + (row.width - wide) / 2
            for key in keys:
                self._place(key, Area(at, row.y, key.wide * unit, row.height))
                at += key.wide * unit + gap

    def _place(self, key: _Key, area: Area) -> None:
        self.add_widget(
            PushButton(
                self.stage,
                area,
                key.text,
                name=f"key-{key.name}",
                on_touched=key.on_touched,
                look=key.look,
                sign=key.sign,
                size=key.size,
            )
        )

    def _rows(self) -> list[list[_Key]]:
        texts = self.stage.texts
        faces: tuple[str, ...] = _SYMBOLS if self._layer == "symbols" else _LETTERS
        if self._layer == "large":
            faces = tuple(row.upper() for row in faces)
        first, second, third = ([self._letter(letter) for letter in row] for row in faces)
        erase = _Key("erase", "", 1.45, Erased, SOFT, "erase")
        if self._layer == "symbols":
            third = [*third, erase]
        else:
            look = PRIMARY if self._layer == "large" else SOFT
            third = [_Key("shift", "", 1.45, self._shift, look, "shift"), *third, erase]
        marks = texts("key-marks")
        mode = texts("key-letters") if self._layer == "symbols" else texts("key-digits")
        last = [
            _Key("mode", mode, 1.45, self._switch, SOFT, size=BODY),
            self._letter(marks[0]),
            _Key("space", texts("key-space"), 3.1, lambda: Typed(" "), size=BODY),
            self._letter(marks[1]),
            self._letter(marks[2]),
            _Key("clear", texts("key-clear"), 1.95, ErasedAll, SOFT, size=BODY),
        ]
        return [first, second, third, last]

    def _letter(self, letter: str) -> _Key:
        return _Key(letter, letter, 1.0, lambda: self._type(letter), size=TITLE * 0.9)

    def _type(self, letter: str) -> Happening:
        if self._layer == "large":
            self._layer = "small"
            self._build()
        return Typed(letter)

    def _shift(self) -> None:
        self._layer = "small" if self._layer == "large" else "large"
        self._build()

    def _switch(self) -> None:
        self._layer = "small" if self._layer == "symbols" else "symbols"
        self._build()


class PhonePad(Panel):
    """Digits as on a telephone."""

    def __init__(self, stage: Stage, area: Area) -> None:
        super().__init__(stage, area)
        px = stage.px
        pad = area.middle(px(150), area.height)
        cells = pad.grid(3, 4, px(_KEY_GAP))
        for sign, cell in zip("123456789+0", cells[:11], strict=True):
            self._key(sign, cell, lambda sign=sign: Typed(sign))  # type: ignore[misc]
        self.add_widget(
            PushButton(stage, cells[11], "", name="key-erase", on_touched=Erased, look=SOFT, sign="erase", size=LEAD)
        )

    def _key(self, sign: str, cell: Area, on_touched: Callable[[], Happening]) -> None:
        self.add_widget(
            PushButton(self.stage, cell, sign, name=f"key-{sign}", on_touched=on_touched, look=LIFTED, size=TITLE * 0.9)
        )
