"""Anonymous or with a contact, and the form for the contact."""

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.keyboard import Keyboard, PhonePad
from huiyin_kiosk.ui.measure import BODY
from huiyin_kiosk.ui.palette import ALARM, BRAND, ON_BRAND, QUIET
from huiyin_kiosk.ui.phrases import Phrases
from huiyin_kiosk.ui.stage import GAP, LEAD, TITLE, Panel, Stage
from huiyin_kiosk.ui.textbox import TextBox
from huiyin_kiosk.ui.touchable import LIFTED, Touchable, draw_sign
from huiyin_kiosk.visit.happenings import AnonymousChosen, ContactField, ContactWished, FieldChosen, Happening
from huiyin_kiosk.visit.state import ContactForm, State


class ContactChoiceScreen(Screen):
    """Two cards of the same size: neither way is the better one."""

    def build(self, state: State) -> None:
        """Lay out the two cards."""
        stage, px = self.stage, self.stage.px
        room, _ = self.bar(self.band(state, leave=True), stage.texts("contact-title"), step=4)
        if stage.measure.portrait:
            cells = room.middle(room.width, px(196)).rows(2, px(GAP * 1.5))
        else:
            cells = room.middle(room.width, px(98)).columns(2, px(GAP * 1.5))
        self.add_widget(_Way(stage, cells[0], "contact-anonymous", "unnamed", AnonymousChosen()))
        self.add_widget(_Way(stage, cells[1], "contact-leave", "phone", ContactWished()))


class _Way(Touchable):
    """One of the two ways to submit."""

    def __init__(self, stage: Stage, area: Area, text_id: str, sign: str, happening: Happening) -> None:
        px = stage.px
        inner = area.inset(px(6), px(5))
        words, self._spot = inner.cut_bottom(px(15 + 1 + 2 * BODY * 1.36))
        self._side = min(self._spot.height - px(4), px(42))
        self._sign = sign
        super().__init__(stage, area, name=text_id, look=LIFTED, on_touched=lambda: happening)
        title, hint = words.cut_top(px(15), px(1))
        self.write(title, stage.texts(text_id), size=TITLE, least=LEAD * 0.9)
        self.write(hint, stage.texts(f"{text_id}-hint"), colour=QUIET, height="top")

    def draw(self) -> None:
        """Draw the card and its sign."""
        super().draw()
        draw_sign(self, icon(self._sign, self._side, ON_BRAND, ground=BRAND), self._spot)


class ContactFormScreen(Screen):
    """Two fields; the keyboard below is the one that fits the field."""

    def build(self, state: State) -> None:
        """Lay out the fields, the promise of what the contact is for, and the place of the keyboard."""
        stage, px = self.stage, self.stage.px
        portrait = stage.measure.portrait
        bar_room = self.band(state, leave=True)
        room, _ = self.bar(bar_room, stage.texts("contact-form-title"), step=4, forward=stage.texts("submit"))
        share = 0.41 if not portrait else 0.30 if stage.measure.tight else 0.34
        self._keys, room = room.cut_bottom(stage.measure.height * share, px(GAP * 0.75))
        self._board: Panel | None = None
        self._board_field = ""
        note, room = room.cut_bottom(px(19 if portrait else 10), stage.closer(GAP * 0.5, 0))
        self._note = self.write(note, "", colour=QUIET)
        if portrait:
            cells = room.cut_top(min(px(74), room.height))[0].rows(2, stage.closer(GAP, 1))
        else:
            cells = room.columns(2, px(GAP))
        self._fields: dict[ContactField, _Field] = {}
        for field, cell in zip(("phone", "name"), cells, strict=True):
            self._fields[field] = _Field(stage, cell, field)  # type: ignore[index, arg-type]
            self.add_widget(self._fields[field])  # type: ignore[index]
        self.show(state)

    def show(self, state: State) -> None:
        """Show what is typed, what is missing, and the fitting keyboard."""
        form = state.screen
        assert isinstance(form, ContactForm)  # noqa: S101 - the front shows this screen for no other state
        texts = self.stage.texts
        for field, text in (("phone", form.draft.phone), ("name", form.draft.name)):
            self._fields[field].show(text, focused=form.field == field, missing=form.missing == field)  # type: ignore[index]
        if form.missing:
            self._note.say(texts(f"contact-missing-{form.missing}"), colour=ALARM)
        else:
            self._note.say(texts("contact-consent"), colour=QUIET)
        if self._board_field != form.field:
            self._change_keyboard(form.field)

    def _change_keyboard(self, field: ContactField) -> None:
        if self._board:
            self.remove_widget(self._board)
        self._board_field = field
        self._board = PhonePad(self.stage, self._keys) if field == "phone" else _NameKeys(self.stage, self._keys)
        self.add_widget(self._board)


class _NameKeys(Panel):
    """Common names by one touch, above letters."""

    def __init__(self, stage: Stage, area: Area) -> None:
        super().__init__(stage, area)
        px = stage.px
        names = stage.texts("name-phrases").split()
        across, tall = len(names), px(15)
        if stage.measure.portrait and len(names) > 6:
            across, tall = (6, px(15)) if stage.measure.tight else (-(-len(names) // 2), px(31))
        top, rest = area.cut_top(min(tall, area.height * 0.45), px(GAP * 0.5))
        if len(names) < 6:
            top = top.middle(top.width * 0.5, top.height)
        self.add_widget(Phrases(stage, top, names, across=across))
        self.add_widget(Keyboard(stage, rest))


class _Field(Touchable):
    """A labelled field; a touch chooses it."""

    def __init__(self, stage: Stage, area: Area, field: ContactField) -> None:
        px = stage.px
        super().__init__(stage, area, name=f"field-{field}", look=_NO_LOOK, on_touched=lambda: FieldChosen(field))
        if stage.measure.tight and not stage.measure.portrait:
            label, box = area.cut_top(min(area.height, px(24)))[0].cut_left(px(35), px(1))
        else:
            label, box = area.cut_top(px(10), px(0.5))
        self._label = self.write(label, stage.texts(f"contact-{field}"), size=BODY, side="left", colour=QUIET)
        box = box.cut_top(min(box.height, px(24)))[0]
        self._box = TextBox(stage, box, hint="", one_line=True)
        self.add_widget(self._box)

    def show(self, text: str, *, focused: bool, missing: bool) -> None:
        """Show what is typed; a field that is not right yet is marked in its label."""
        self._box.say(text, focused=focused)
        self._label.say(self._label.text, colour=ALARM if missing else QUIET)

    def draw(self) -> None:
        """Draw nothing: the box inside shows the field."""


_NO_LOOK = LIFTED
