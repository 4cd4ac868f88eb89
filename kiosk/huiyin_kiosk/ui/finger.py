"""The pretend visitor's finger: touches that go the whole way through Kivy, as those of a touch screen do."""

from collections.abc import Callable
from typing import Any

from kivy.base import EventLoop
from kivy.input.motionevent import MotionEvent
from kivy.input.provider import MotionEventProvider
from kivy.input.shape import ShapeRect

from huiyin_kiosk.pretend import Step, VisitorPlan
from huiyin_kiosk.reception import Reception
from huiyin_kiosk.ui.touchable import Touchable

HOLD_MS = 80


class _Touch(MotionEvent):
    """A touch at a place of the window, 0…1 in both directions."""

    def __init__(self, device: str, uid: int, args: tuple[float, float]) -> None:
        super().__init__(device, uid, args, is_touch=True, type_id="touch")
        self.profile = ("pos",)
        self.shape = ShapeRect()

    def depack(self, args: tuple[float, float]) -> None:
        """Take the place over."""
        self.sx, self.sy = args
        super().depack(args)


class PretendFinger(MotionEventProvider):
    """An input device of Kivy's whose finger follows a plan."""

    def __init__(self, plan: VisitorPlan, *, find: Callable[[str], Touchable | None], reception: Reception) -> None:
        super().__init__("pretend", "")
        self._plan = plan
        self._find = find
        self._reception = reception
        self._down: tuple[_Touch, int] | None = None
        self._touches = 0

    def start(self) -> None:
        """Nothing to open."""

    def stop(self) -> None:
        """Nothing to close."""

    def update(self, dispatch_fn: Callable[[str, Any], None]) -> None:
        """Lift or lower the finger when it is due; Kivy calls this every frame."""
        now_ms = self._reception.now_ms()
        if self._down is not None:
            touch, until_ms = self._down
            if now_ms >= until_ms:
                self._down = None
                touch.update_time_end()
                dispatch_fn("end", touch)
            return
        for step in self._plan.due(now_ms, self._reception.state):
            self._lower(step, now_ms, dispatch_fn)

    def _lower(self, step: Step, now_ms: int, dispatch_fn: Callable[[str, Any], None]) -> None:
        target = self._find(step.target)
        if target is None:
            return
        window = EventLoop.window
        self._touches += 1
        place = (target.center_x / window.width, target.center_y / window.height)
        touch = _Touch(self.device, self._touches, place)
        self._down = (touch, now_ms + HOLD_MS)
        self._plan.touched(step)
        dispatch_fn("begin", touch)
