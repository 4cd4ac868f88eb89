"""What a device puts on the wire, for tests of the hub: batches with a true chain, and a registry that knows it."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine

from huiyin_hub.fleet.keys import pin_keys
from huiyin_hub.fleet.registry import Standing
from huiyin_hub.ingest.link import Message
from huiyin_kiosk.sync.signing import DeviceKey
from huiyin_shared import chain
from huiyin_shared.events import Event, Feedback, Rating, Reading, encode_event
from huiyin_shared.frames import (
    Ack,
    Anchor,
    Answer,
    Header,
    Refusal,
    Status,
    decode_answer,
    encode_batch,
    encode_status,
)
from huiyin_shared.ids import DeviceId

NOW_MS = 1_760_000_000_000
BOOT = "boot-1"


def reading(mono_ms: int = 10_000, *, boot: str = BOOT, wall_ms: int = NOW_MS, clock: str = "unsynced") -> Reading:
    return Reading(boot=boot, mono_ms=mono_ms, wall_ms=wall_ms, clock=clock)  # type: ignore[arg-type]


def rating(level: int = 5, *, counter: str = "h1-c1", staff: str = "s-01", mono_ms: int = 9_000) -> Rating:
    return Rating(at=reading(mono_ms), visit="v1", counter=counter, level=level, staff=staff)


def complaint(text: str = "等太久了") -> Feedback:
    return Feedback(at=reading(9_000), visit="v2", kind="complaint", counter="h1-c1", category="delay", text=text)


KEY = DeviceKey(bytes(32))
"""The key of every device in these tests."""

DEVICES = ("k1", "k2", *(f"t-{number}" for number in range(50)))


def pin(engine: Engine, *devices: str) -> None:
    """Let the hub know the devices' key, as after their births."""
    with engine.begin() as connection:
        pin_keys(connection, dict.fromkeys(devices or DEVICES, (KEY.public, NOW_MS)))


def now() -> int:
    return NOW_MS


class Store:
    """A device's store as the wire sees it: its lines, and batches of them."""

    def __init__(self, device: str = "k1", name: str = "0123456789abcdef") -> None:
        self.device = device
        self.name = name
        self.lines: list[bytes] = []

    def add(self, *events: Event | bytes) -> "Store":
        self.lines += [event if isinstance(event, bytes) else encode_event(event) for event in events]
        return self

    def head(self, before: int) -> bytes:
        return chain.advance_all(chain.genesis(self.device, self.name), self.lines[: before - 1])

    def batch(
        self,
        first: int = 1,
        last: int | None = None,
        *,
        sent: Reading | None = None,
        anchor: Anchor | None = None,
        received_ms: int = NOW_MS,
        key: DeviceKey | None = None,
    ) -> Message:
        lines = self.lines[first - 1 : last]
        header = Header(
            v=1,
            store=self.name,
            first=first,
            n=len(lines),
            prev=self.head(first).hex(),
            sent=sent or reading(),
            anchor=anchor,
        )
        end = self.head(first + len(lines))
        sign = lambda line: (key or KEY).sign_batch(DeviceId(self.device), line, end)  # noqa: E731
        return Message(f"hy/v1/{self.device}/up/events", encode_batch(header, lines, sign), received_ms)

    def status(
        self,
        t: str = "birth",
        *,
        conn: str = "c1",
        backlog: int = 0,
        retained: bool = False,
        key: DeviceKey | None = None,
        **more: Any,
    ) -> Message:
        key = key or KEY
        status = Status(
            t=t,  # type: ignore[arg-type]
            conn=conn,
            store=self.name,
            backlog=backlog,
            sent=reading(),
            key=key.public,
            **more,
        )
        payload = encode_status(status, lambda line: key.sign_status(DeviceId(self.device), line))
        return Message(f"hy/v1/{self.device}/up/status", payload, NOW_MS, retained)


class Registry:
    """Everybody is registered, but for the devices named."""

    def __init__(self, **standings: Standing) -> None:
        self.standings = standings

    def standing(self, device: str) -> Standing:
        return self.standings.get(device, "active")


def answers(pairs: Sequence[tuple[str, bytes]]) -> list[Answer]:
    return [decode_answer(payload) for _, payload in pairs]


def only_ack(pairs: Sequence[tuple[str, bytes]]) -> Ack:
    (answer,) = answers(pairs)
    assert isinstance(answer, Ack), answer
    return answer


def only_refusal(pairs: Sequence[tuple[str, bytes]]) -> Refusal:
    (answer,) = answers(pairs)
    assert isinstance(answer, Refusal), answer
    return answer


def give_up(_seconds: float) -> bool:
    return False


def patience(tries: int) -> Callable[[float], bool]:
    left = [tries]

    def pause(_seconds: float) -> bool:
        left[0] -= 1
        return left[0] > 0

    return pause
