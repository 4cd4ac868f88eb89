"""Ready phrases: one touch puts a whole sentence into the text. They come in pages when there is no room for all."""

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.lettering import width_of
from huiyin_kiosk.ui.lines import LINE_HEIGHT, break_lines
from huiyin_kiosk.ui.stage import GAP, Panel, Stage
from huiyin_kiosk.ui.touchable import LIFTED, SOFT, PushButton
from huiyin_kiosk.visit.happenings import PhraseTapped
from huiyin_shared.catalogue import Catalogue

_LEAST_CELL = 14.0
_GAP = GAP * 0.65


def phrases_of(texts: Catalogue, group: str) -> list[str]:
    """Return the phrases `phrase-<group>-1`, `-2` … of a catalogue."""
    found: list[str] = []
    while texts.has(f"phrase-{group}-{len(found) + 1}"):
        found.append(texts(f"phrase-{group}-{len(found) + 1}"))
    return found


class Phrases(Panel):
    """Phrases in `across` columns, as many rows as there is room for."""

    def __init__(self, stage: Stage, area: Area, phrases: list[str], *, across: int = 2) -> None:
        super().__init__(stage, area)
        self._phrases = phrases
        self._across = across
        self._page = 0
        self._build()

    def _build(self) -> None:
        self.clear_widgets()
        px = self.stage.px
        column = self.area.columns(self._across, px(_GAP))[0].width - px(5)
        size = self.stage.body
        most = max(len(break_lines(phrase, size, column, width_of)) for phrase in self._phrases)
        least = max(px(_LEAST_CELL), most * size * LINE_HEIGHT + px(1.2))
        down = max(1, int((self.area.height + px(_GAP)) // (least + px(_GAP))))
        down = min(down, -(-len(self._phrases) // self._across))
        cells = self.area.grid(self._across, down, px(_GAP))
        paged = len(self._phrases) > len(cells)
        each = len(cells) - 1 if paged else len(cells)
        start = self._page * each
        shown = self._phrases[start : start + each]
        for i, (phrase, cell) in enumerate(zip(shown, cells, strict=False)):
            self.add_widget(
                PushButton(
                    self.stage,
                    cell,
                    phrase,
                    name=f"phrase-{start + i + 1}",
                    on_touched=lambda phrase=phrase: PhraseTapped(phrase),  # type: ignore[misc]
                    look=LIFTED,
                )
            )
        if paged:
            pages = -(-len(self._phrases) // each)
            wide = cells[-1].width > px(30)
            text = self.stage.texts("about-page", page=self._page + 1, pages=pages) if wide else ""
            self.add_widget(
                PushButton(
                    self.stage,
                    cells[-1],
                    text,
                    name="more-phrases",
                    on_touched=lambda: self._turn(pages),
                    look=SOFT,
                    sign="forward",
                    sign_after=True,
                )
            )

    def _turn(self, pages: int) -> None:
        self._page = (self._page + 1) % pages
        self._build()
