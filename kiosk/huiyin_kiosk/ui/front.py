"""The screen as a front: shows the state's screen, brings touches, keys and time to the reception."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

from kivy.base import EventLoop, runTouchApp, stopTouchApp
from kivy.clock import Clock
from kivy.input import MotionEvent
from kivy.uix.widget import Widget

from huiyin_kiosk.pretend import VisitorPlan
from huiyin_kiosk.reception import Reception
from huiyin_kiosk.ui.finger import PretendFinger
from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.lettering import load_font
from huiyin_kiosk.ui.measure import MM_PER_INCH, Measure, density_of, measure
from huiyin_kiosk.ui.overlay import IdleWarning, SavingNotice
from huiyin_kiosk.ui.screens import screen_for
from huiyin_kiosk.ui.stage import Stage
from huiyin_kiosk.ui.touchable import Touchable
from huiyin_kiosk.ui.window import configure, open_window
from huiyin_kiosk.visit.happenings import Erased, NextTapped, Ticked, Typed
from huiyin_kiosk.visit.state import (
    Attract,
    ContactForm,
    NotKept,
    Saving,
    State,
    Telling,
    Words,
)
from huiyin_shared.catalogue import Catalogue
from huiyin_shared.survey import LANGUAGES, Language

TICK_S = 0.25
SAVING_NOTICE_S = 0.5
STALE_FINGER_S = 8.0
_ENTER_KEYS = (13, 271)
_BACKSPACE = 8
Look = tuple[type, Language, Measure, object]


class _Root(Widget):
    """Holds the screen and what lies over it; lets one finger act at a time."""

    def __init__(self) -> None:
        super().__init__(size_hint=(None, None))
        self.frozen = False
        self._finger: tuple[Any, float] | None = None

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Pass the first finger on; a second one waits its turn."""
        if getattr(touch, "is_mouse_scrolling", False) or self.frozen:
            return True
        busy = self._finger is not None and Clock.get_time() - self._finger[1] < STALE_FINGER_S
        if busy:
            return True
        self._finger = (touch.uid, Clock.get_time())
        return bool(super().on_touch_down(touch))

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Let the next finger act."""
        if self._finger is not None and self._finger[0] == touch.uid:
            self._finger = None
        return bool(super().on_touch_up(touch))


class KivyFront:
    """A window with the visits in it. Made and run in the main thread."""

    def __init__(
        self,
        *,
        catalogues: dict[str, Catalogue],
        device: str,
        size: tuple[int, int],
        fullscreen: bool,
        diagonal_inch: float | None,
        visitor: VisitorPlan | None = None,
        on_screen: Callable[[str, dict[str, tuple[int, int]]], None] | None = None,
    ) -> None:
        configure(width=size[0], height=size[1], fullscreen=fullscreen, show_cursor=not fullscreen)
        self._catalogues = catalogues
        self._device = device
        self._diagonal_inch = diagonal_inch
        self._visitor = visitor
        self._on_screen = on_screen
        self._root = _Root()
        self._screen: Screen | None = None
        self._look: Look | None = None
        self._warning: IdleWarning | None = None
        self._saving: SavingNotice | None = None
        self._saving_event: Any = None
        self._reception: Reception | None = None
        self._on_ready: Callable[[], None] | None = None
        self._fresh = False
        self._stopping = False
        load_font()
        self._window = open_window()
        if fullscreen:
            self._window.bind(on_request_close=lambda *_args, **_more: True)

    def call_soon(self, on_call: Callable[[], None]) -> None:
        """Have `on_call` called in the main thread, at the next frame."""
        Clock.schedule_once(lambda _dt: on_call())

    def stop(self) -> None:
        """End `run` at the next tick; a signal handler may call this."""
        self._stopping = True

    def run(self, reception: Reception, *, on_ready: Callable[[], None]) -> None:
        """Show visits until `stop` or until the window is closed."""
        self._reception = reception
        self._on_ready = on_ready
        reception.watch(self._show)
        window = self._window
        window.bind(on_flip=self._on_flip, on_resize=lambda *_: self._rebuild())
        window.bind(on_textinput=self._on_text, on_key_down=self._on_key)
        Clock.schedule_interval(self._tick, TICK_S)
        Clock.schedule_interval(lambda _dt: self._look_for_stop(), 0.05)
        if self._visitor is not None:
            finger = PretendFinger(self._visitor, find=self.find, reception=reception)
            EventLoop.add_input_provider(finger)
        self._show(reception.state)
        runTouchApp(self._root)

    def find(self, name: str) -> Touchable | None:
        """Return what can be touched now under this name."""
        return next((target for target in self.targets() if target.name == name), None)

    def targets(self) -> list[Touchable]:
        """Return all that can be touched now, what lies on top only."""
        top: Widget | None = self._warning or self._saving or self._screen
        if top is None or self._root.frozen:
            return []
        return [target for target in _touchables(top) if not target.off]

    def letterings(self) -> Iterator[Widget]:
        """Return every widget on the screen, for tests that look at texts."""
        return _all(self._root)

    def _stage(self, language: Language, size: Measure) -> Stage:
        reception = self._reception
        assert reception is not None  # noqa: S101 - screens exist only while running
        other = next(code for code in LANGUAGES if code != language)
        return Stage(
            measure=size,
            language=language,
            texts=self._catalogues[language],
            other_texts=self._catalogues[other],
            send=reception.happen,
            visit_code=reception.visit_code,
            device=self._device,
        )

    def _measure(self) -> Measure:
        width, height = self._window.size
        if self._diagonal_inch is not None:
            return measure(width, height, density_of(width, height, self._diagonal_inch))
        dpi = float(self._window.dpi or 96)
        return measure(width, height, dpi / MM_PER_INCH)

    def _show(self, state: State) -> None:
        """Bring the window in line with the state."""
        shown = state.screen
        saving = isinstance(shown, Saving)
        self._root.frozen = saving
        if saving and self._screen is not None:
            self._later_say_saving()
        else:
            self._no_longer_saving()
            kind = screen_for(shown)
            look: Look = (kind, state.language, self._measure(), _fixed_part(state))
            if look == self._look and self._screen is not None:
                self._screen.show(state)
            else:
                self._build(kind, state, look)
        self._warn(state)
        self._fresh = True

    def _build(self, kind: type[Screen], state: State, look: Look) -> None:
        self._root.clear_widgets()
        self._warning = None
        self._root.size = self._window.size
        self._screen = kind(self._stage(state.language, look[2]), state)
        self._look = look
        self._root.add_widget(self._screen)
        if isinstance(state.screen, Attract):
            # Between visits there is time to let go of what the last one has left behind.
            Clock.schedule_once(lambda _dt: gc.collect(), 1.0)

    def _rebuild(self) -> None:
        self._look = None
        if self._reception is not None:
            self._show(self._reception.state)

    def _warn(self, state: State) -> None:
        if state.warned_ms is None or self._reception is None:
            if self._warning is not None:
                self._root.remove_widget(self._warning)
                self._warning = None
            return
        if self._warning is None:
            self._warning = IdleWarning(self._stage(state.language, self._measure()))
            self._root.add_widget(self._warning)
        self._warning.count(state.seconds_left(self._reception.now_ms()))

    def _later_say_saving(self) -> None:
        if self._saving_event is None:
            self._saving_event = Clock.schedule_once(lambda _dt: self._say_saving(), SAVING_NOTICE_S)

    def _say_saving(self) -> None:
        if self._reception is not None and self._saving is None:
            self._saving = SavingNotice(self._stage(self._reception.state.language, self._measure()))
            self._root.add_widget(self._saving)

    def _no_longer_saving(self) -> None:
        if self._saving_event is not None:
            self._saving_event.cancel()
            self._saving_event = None
        if self._saving is not None:
            self._root.remove_widget(self._saving)
            self._saving = None

    def _tick(self, _dt: float) -> None:
        reception = self._reception
        if reception is None:
            return
        reception.happen(Ticked())
        self._warn(reception.state)

    def _look_for_stop(self) -> None:
        if self._stopping:
            stopTouchApp()

    def _on_flip(self, *_: object) -> None:
        reception = self._reception
        if reception is None or not self._fresh:
            return
        self._fresh = False
        if self._on_ready is not None and isinstance(reception.state.screen, Attract):
            on_ready, self._on_ready = self._on_ready, None
            on_ready()
        if self._on_screen is not None:
            height = self._window.height
            places = {t.name: (int(t.center_x), int(height - t.center_y)) for t in self.targets()}
            name = type(reception.state.screen).__name__
            self._on_screen("IdleWarning" if self._warning else name, places)

    def _on_text(self, _window: object, text: str) -> None:
        if self._typing():
            self._send(Typed(text))

    def _on_key(self, _window: object, key: int, *_: object) -> bool:
        if self._typing():
            if key == _BACKSPACE:
                self._send(Erased())
            elif key in _ENTER_KEYS:
                self._send(NextTapped())
        # Nothing a key does reaches Kivy's own bindings: there is no way out by keyboard.
        return True

    def _typing(self) -> bool:
        reception = self._reception
        return reception is not None and isinstance(reception.state.screen, Words | Telling | ContactForm)

    def _send(self, happening: Typed | Erased | NextTapped) -> None:
        if self._reception is not None:
            self._reception.happen(happening)


def _fixed_part(state: State) -> object:
    """Return what of a state a screen is built from once and does not follow: a change means a new screen."""
    screen = state.screen
    if isinstance(screen, NotKept):
        return screen.why
    return state.desired


def _touchables(widget: Widget) -> list[Touchable]:
    return [found for found in _all(widget) if isinstance(found, Touchable)]


def _all(widget: Widget) -> Iterator[Widget]:
    yield widget
    for child in widget.children:
        yield from _all(child)
