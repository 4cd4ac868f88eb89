"""The one place where the kiosk's concrete parts are named and joined."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from huiyin_kiosk import __version__
from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.display import Mode, NoDisplay, VirtualScreen, Wish, modes_to_try, prepare_environment, works
from huiyin_kiosk.front import Front
from huiyin_kiosk.headless import HeadlessFront
from huiyin_kiosk.outbox.errors import OutboxFull
from huiyin_kiosk.outbox.opening import open_or_replace
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.pretend import VisitorPlan
from huiyin_kiosk.reception import Reception
from huiyin_kiosk.settings import KioskSettings
from huiyin_kiosk.sync.device import DESIRED_SETTING, SyncedDevice
from huiyin_kiosk.sync.link import BrokerAddress
from huiyin_kiosk.sync.loop import SyncLoop
from huiyin_kiosk.visit.happenings import Configured, WhyNotKept
from huiyin_kiosk.visit.idle import back_to_attract
from huiyin_kiosk.visit.state import Patience, State
from huiyin_shared.catalogue import SHARED_MESSAGES, Catalogue, open_catalogues
from huiyin_shared.desired import Desired, decode_desired
from huiyin_shared.errors import FrameError, HuiyinError
from huiyin_shared.events import Event

_log = structlog.get_logger()

MESSAGES = Path(__file__).parent / "messages"


@dataclass(frozen=True)
class Options:
    """What the command line adds to the settings."""

    display: Wish = "auto"
    size: tuple[int, int] | None = None
    visitor_every_s: float | None = None
    announce_screens: bool = False


def run_kiosk(settings: KioskSettings, options: Options, *, say: Callable[[str], None]) -> None:
    """Serve visitors until a signal says stop.

    Raises `OutboxUnusable` and its kind when the store cannot be used, `NoDisplay` and `NoWindow` for a display.
    """
    clock = DeviceClock()
    with ExitStack() as parts:
        outbox = open_or_replace(settings.outbox_path, device=settings.device_id, at=clock.reading())
        parts.callback(outbox.close)
        visitor = None
        if options.visitor_every_s is not None:
            visitor = VisitorPlan(every_s=options.visitor_every_s, dice=random.Random(), say=say)  # noqa: S311 - play
        mode, front = _open_front(settings, options, parts, visitor=visitor, say=say)
        _serve(settings, parts, outbox, clock, front, on_ready=lambda: say(f"kiosk ready {mode}"))


def open_kiosk_catalogues() -> dict[str, Catalogue]:
    """Return the texts of the screens in each language."""
    return open_catalogues(SHARED_MESSAGES, MESSAGES)


def draw_pictures(
    into: Path, *, size: tuple[int, int], diagonal_inch: float | None, say: Callable[[str], None]
) -> bool:
    """Draw every screen into PNG files, without any display; return whether all of them are fit to be read."""
    prepare_environment("offscreen", data_dir=into)
    from huiyin_kiosk.ui import pictures

    findings = pictures.draw_pictures(
        catalogues=open_kiosk_catalogues(), into=into, size=size, diagonal_inch=diagonal_inch, on_picture=say
    )
    for finding in findings:
        say(f"WRONG {finding.picture}: {finding.what}: {finding.detail}")
    return not findings


def try_display(mode: str, data_dir: Path) -> None:
    """Open a window in this mode and draw once. Whatever goes wrong ends the process in its own way."""
    prepare_environment("offscreen" if mode == "offscreen" else "window", data_dir=data_dir)
    from huiyin_kiosk.ui.trial import draw_once

    draw_once()


def _open_front(
    settings: KioskSettings,
    options: Options,
    parts: ExitStack,
    *,
    visitor: VisitorPlan | None,
    say: Callable[[str], None],
) -> tuple[Mode, Front]:
    """Open the best display there is; where the wish is `auto`, the next one when one fails its trial."""
    data_dir = settings.outbox_path.parent
    size = options.size or (1280, 800)
    modes = modes_to_try(options.display, os.environ)
    for mode in modes:
        if mode == "headless":
            break
        with ExitStack() as attempt:
            display = None
            if mode == "xvfb":
                try:
                    screen = VirtualScreen(*size)
                except NoDisplay:
                    if len(modes) == 1:
                        raise
                    continue
                attempt.callback(screen.close)
                display = screen.name
            prepare_environment(mode, data_dir=data_dir, display=display)
            if len(modes) > 1 and not works(mode, data_dir=data_dir):
                _log.warning("display does not work", mode=mode)
                continue
            parts.push(attempt.pop_all())
        return mode, _open_screen(settings, options, size, mode, visitor=visitor, say=say)
    phrase = open_kiosk_catalogues()[settings.language]("phrase-praise-2")
    return "headless", HeadlessFront(visitor=visitor, phrase=phrase)


def _open_screen(
    settings: KioskSettings,
    options: Options,
    size: tuple[int, int],
    mode: Mode,
    *,
    visitor: VisitorPlan | None,
    say: Callable[[str], None],
) -> Front:
    # Imported here: Kivy opens things when it is imported, and a headless device need not have it.
    from huiyin_kiosk.ui.announce import announce
    from huiyin_kiosk.ui.front import KivyFront

    return KivyFront(
        catalogues=open_kiosk_catalogues(),
        device=settings.device,
        size=size,
        fullscreen=settings.fullscreen and options.size is None and mode == "window",
        diagonal_inch=settings.diagonal_inch,
        visitor=visitor,
        on_screen=announce(say) if options.announce_screens else None,
    )


def _serve(
    settings: KioskSettings,
    parts: ExitStack,
    outbox: Outbox,
    clock: DeviceClock,
    front: Front,
    *,
    on_ready: Callable[[], None],
) -> None:
    """Join store, sync and screen, and run until stopped; parts end in the reverse order of their start."""
    loop = SyncLoop()

    def keep(event: Event) -> str:
        stored = outbox.add(event)
        loop.notify(device)
        return stored.receipt

    reception = Reception(
        _first_state(settings, outbox, clock),
        clock=clock,
        dice=random.SystemRandom(),
        keep=keep,
        why_not_kept=_why_not_kept,
        call_soon=front.call_soon,
    )

    def on_desired(desired: Desired) -> None:
        front.call_soon(lambda: reception.happen(Configured(desired)))

    device = SyncedDevice(
        outbox=outbox,
        clock=clock,
        broker=BrokerAddress(
            host=settings.broker.host,
            port=settings.broker.port,
            username=settings.device,
            password=settings.password,
            protocol=settings.broker.protocol,
        ),
        rng=random.SystemRandom(),
        on_desired=on_desired,
        version=__version__,
    )
    loop.add(device)
    loop.start()
    parts.callback(loop.stop)
    reception.start()
    parts.callback(reception.stop)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: front.stop())
    front.run(reception, on_ready=on_ready)


def _first_state(settings: KioskSettings, outbox: Outbox, clock: DeviceClock) -> State:
    """Return the state of a device that has just been switched on: with its last good configuration, if any."""
    state = State(
        home_language=settings.language,
        language=settings.language,
        patience=Patience(warn_after_ms=int(settings.idle_s * 1000)),
    )
    payload = outbox.setting(DESIRED_SETTING)
    if payload is not None:
        try:
            state = State(home_language=state.home_language, patience=state.patience, desired=decode_desired(payload))
        except FrameError as error:
            _log.warning("stored configuration not understood", reason=error.reason)
    return back_to_attract(state, clock.mono_ms())


def _why_not_kept(error: HuiyinError) -> WhyNotKept:
    return "full" if isinstance(error, OutboxFull) else "broken"
