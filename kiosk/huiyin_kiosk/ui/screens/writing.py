"""The two screens with a keyboard for words: a few after a rating, or the visitor's whole matter."""

from huiyin_kiosk.ui.frame import STEPS, Screen
from huiyin_kiosk.ui.keyboard import Keyboard
from huiyin_kiosk.ui.lines import LINE_HEIGHT
from huiyin_kiosk.ui.phrases import Phrases, phrases_of
from huiyin_kiosk.ui.stage import GAP, LEAD
from huiyin_kiosk.ui.textbox import TextBox
from huiyin_kiosk.visit.state import State, Telling, Words
from huiyin_shared.events import MAX_TEXT_CHARS, MAX_WORDS_CHARS
from huiyin_shared.survey import tone

LINES_TO_READ = 3
LINES_WHEN_TIGHT = 2


class _WritingScreen(Screen):
    """Text, phrases, keyboard."""

    limit: int

    def title(self, state: State) -> str:
        raise NotImplementedError

    def group(self, state: State) -> str:
        """Return which phrases fit."""
        raise NotImplementedError

    def text(self, state: State) -> str:
        raise NotImplementedError

    def ready(self, _state: State) -> bool:
        """Tell whether the way on is open."""
        return True

    def step(self) -> int:
        return 0

    def forward(self) -> str:
        return self.stage.texts("next")

    def build(self, state: State) -> None:
        """Lay out: text and phrases above, keyboard below."""
        stage, px = self.stage, self.stage.px
        portrait = stage.measure.portrait
        hint = "telling-hint" if self.step() else "words-hint"
        rest = self.band(state, leave=True)
        room, self._next = self.bar(rest, self.title(state), step=self.step(), forward=self.forward(), counted=True)
        share = 0.30 if portrait else 0.345 if stage.measure.tight else 0.36
        keys, room = room.cut_bottom(stage.measure.height * share, px(GAP))
        self.add_widget(Keyboard(stage, keys))
        lines = LINES_WHEN_TIGHT if stage.measure.tight else LINES_TO_READ
        if portrait:
            box, phrases = room.cut_top(max(room.height * 0.36, px(lines * LEAD * LINE_HEIGHT + 5.5)), px(GAP * 0.75))
        else:
            box, phrases = room.cut_left(room.width * 0.38, px(GAP))
        self._box = TextBox(stage, box, hint=stage.texts(hint))
        self.add_widget(self._box)
        self.add_widget(Phrases(stage, phrases, phrases_of(stage.texts, self.group(state))))
        self.show(state)

    def show(self, state: State) -> None:
        """Show what is written by now."""
        text = self.text(state)
        self._box.say(text)
        count = self.stage.texts("letters-count", n=str(len(text)), limit=str(self.limit))
        if self.below_title:
            self.below_title.say(
                f"{self.stage.texts('step', step=self.step(), steps=STEPS)} | {count}" if self.step() else count
            )
        if self._next:
            self._next.set_off(not self.ready(state))


class WordsScreen(_WritingScreen):
    """Words to a rating."""

    limit = MAX_WORDS_CHARS

    def title(self, state: State) -> str:
        """Return the title."""
        return self.stage.texts("words-title")

    def group(self, state: State) -> str:
        """Return the phrases that fit the rating."""
        assert isinstance(state.screen, Words)  # noqa: S101 - the front shows this screen for no other state
        return tone(state.screen.reasons.level)

    def text(self, state: State) -> str:
        """Return the words."""
        assert isinstance(state.screen, Words)  # noqa: S101 - as above
        return state.screen.reasons.words

    def forward(self) -> str:
        """Return the words on the way back to the reasons."""
        return self.stage.texts("done")


class TellingScreen(_WritingScreen):
    """The visitor's matter in their own words."""

    limit = MAX_TEXT_CHARS

    def title(self, state: State) -> str:
        """Return the title that fits the kind."""
        assert isinstance(state.screen, Telling)  # noqa: S101 - as above
        return self.stage.texts(f"telling-title-{state.screen.draft.kind}")

    def group(self, state: State) -> str:
        """Return the phrases that fit the kind."""
        assert isinstance(state.screen, Telling)  # noqa: S101 - as above
        return state.screen.draft.kind

    def text(self, state: State) -> str:
        """Return the text."""
        assert isinstance(state.screen, Telling)  # noqa: S101 - as above
        return state.screen.draft.text

    def ready(self, state: State) -> bool:
        """Tell whether there is something to send."""
        assert isinstance(state.screen, Telling)  # noqa: S101 - as above
        return state.screen.draft.says_something

    def step(self) -> int:
        """Return the number of the step."""
        return 3
