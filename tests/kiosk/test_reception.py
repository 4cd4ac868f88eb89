"""The shell around the visit machine, with a real store."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from random import Random
from typing import Any

import pytest

from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.headless import HeadlessFront
from huiyin_kiosk.outbox.errors import OutboxFull
from huiyin_kiosk.outbox.store import Limits, Outbox
from huiyin_kiosk.pretend import VisitorPlan
from huiyin_kiosk.reception import Reception
from huiyin_kiosk.samples import sample_hall
from huiyin_kiosk.visit.happenings import AnonymousChosen, DoorOpened, FaceTapped, KindChosen, NextTapped, Typed
from huiyin_kiosk.visit.state import Attract, NotKept, Reasons, Saving, State, Thanks
from huiyin_shared.events import Event, Feedback, Rating, decode_event
from huiyin_shared.ids import device_id, parse_receipt_number


class Desk:
    """A reception whose main thread is the test."""

    def __init__(self, keep: Callable[[Event], str]) -> None:
        self.calls: Queue[Callable[[], None]] = Queue()
        self.reception = Reception(
            State(desired=sample_hall(), screen=Attract()),
            clock=DeviceClock(),
            dice=Random(1),
            keep=keep,
            why_not_kept=lambda error: "full" if isinstance(error, OutboxFull) else "broken",
            call_soon=self.calls.put,
        )
        self.reception.start()

    def answer(self) -> None:
        """Let the recording thread's answer in."""
        self.calls.get(timeout=10)()

    @property
    def screen(self) -> Any:
        return self.reception.state.screen


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox.open(tmp_path / "outbox.db", device=device_id("kiosk-1"))
    yield outbox
    outbox.close()


def lines(outbox: Outbox) -> list[Event]:
    return [decode_event(line) for line in outbox.read(1, max_events=100, max_bytes=1_000_000).lines]


def test_a_tap_is_on_disk_before_the_next_screen_says_thanks(outbox: Outbox) -> None:
    desk = Desk(lambda event: outbox.add(event).receipt)
    desk.reception.happen(FaceTapped(5, desk.reception.visit_code()))
    assert isinstance(desk.screen, Saving)
    desk.answer()
    assert desk.screen == Reasons(5)
    (rating,) = lines(outbox)
    assert isinstance(rating, Rating)
    assert (rating.counter, rating.level, rating.staff) == ("h1-c3", 5, "s-3")
    desk.reception.stop()


def test_the_receipt_number_leads_to_the_event(outbox: Outbox) -> None:
    desk = Desk(lambda event: outbox.add(event).receipt)
    happenings = DoorOpened("v1"), KindChosen("praise"), NextTapped(), Typed("谢谢"), NextTapped(), AnonymousChosen()
    for happening in happenings:
        desk.reception.happen(happening)
    desk.answer()
    assert isinstance(desk.screen, Thanks)
    assert parse_receipt_number(desk.screen.receipt) == (outbox.store[:6], 1)
    (feedback,) = lines(outbox)
    assert isinstance(feedback, Feedback)
    assert feedback.text == "谢谢"
    desk.reception.stop()


def test_a_full_disk_is_told_to_the_visitor(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path / "o.db", device=device_id("kiosk-1"), limits=Limits(min_free_bytes=1 << 60))
    desk = Desk(lambda event: outbox.add(event).receipt)
    desk.reception.happen(FaceTapped(1, "v"))
    desk.answer()
    assert isinstance(desk.screen, NotKept)
    assert desk.screen.why == "full"
    assert outbox.backlog() == 0
    desk.reception.stop()
    outbox.close()


def test_a_closed_store_is_a_fault_that_is_told_and_not_a_crash(outbox: Outbox) -> None:
    desk = Desk(lambda event: outbox.add(event).receipt)
    outbox.close()
    desk.reception.happen(FaceTapped(1, "v"))
    desk.answer()
    assert isinstance(desk.screen, NotKept)
    assert desk.screen.why == "broken"
    desk.reception.stop()


def test_a_slow_disk_does_not_stop_the_screen(outbox: Outbox) -> None:
    let_go = threading.Event()

    def slow(event: Event) -> str:
        let_go.wait(10)
        return outbox.add(event).receipt

    desk = Desk(slow)
    desk.reception.happen(FaceTapped(4, "v"))
    desk.reception.happen(FaceTapped(1, "w"))
    assert isinstance(desk.screen, Saving)
    let_go.set()
    desk.answer()
    assert desk.screen == Reasons(4)
    desk.reception.stop()


def test_a_device_without_a_screen_runs_the_same_visits(outbox: Outbox) -> None:
    said: list[str] = []
    front = HeadlessFront(visitor=VisitorPlan(every_s=0.5, dice=Random(3), say=said.append), phrase="谢谢")

    def keep(event: Event) -> str:
        receipt = outbox.add(event).receipt
        if isinstance(event, Feedback):
            front.stop()
        return receipt

    reception = Reception(
        State(desired=sample_hall(), screen=Attract()),
        clock=DeviceClock(),
        dice=Random(1),
        keep=keep,
        why_not_kept=lambda _error: "broken",
        call_soon=front.call_soon,
    )
    reception.start()
    ready: list[bool] = []
    front.run(reception, on_ready=lambda: ready.append(True))
    reception.stop()
    assert ready == [True]
    kept = lines(outbox)
    assert sum(isinstance(event, Rating) for event in kept) == len(said) == 3
    assert isinstance(kept[-1], Feedback)
    assert kept[-1].text == "谢谢"
