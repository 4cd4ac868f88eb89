"""Which messages were really said by their device. A batch's signature speaks for all of the chain up to its head.

So of batches that follow each other in one flush only the last signature is checked: it binds the head, and the head
binds every line before it. Checking one costs more than judging, storing and counting a rating.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from huiyin_hub.fleet.incidents import Incident
from huiyin_hub.fleet.keys import Claim
from huiyin_hub.fleet.status import Heard
from huiyin_hub.ingest.cursors import StoreKey
from huiyin_hub.ingest.dead_letters import DeadLetter
from huiyin_hub.ingest.parsing import HeardBatch, Parsed, Rejected
from huiyin_shared import topics
from huiyin_shared.frames import Batch, batch_statement, status_statement
from huiyin_shared.ids import DeviceId

KeyOf = Callable[[str], str | None]
Check = Callable[[Sequence[Claim]], list[bool]]

Run = list[HeardBatch]
"""Batches of one store that follow each other."""


class Authenticity:
    """Checks one flush of messages. `pins` are keys that devices without one have proved to hold."""

    def __init__(self, key_of: KeyOf, check: Check) -> None:
        self._key_of = key_of
        self._check = check
        self.pins: dict[str, tuple[str, int]] = {}

    def sift(self, items: Iterable[Parsed]) -> Iterator[Parsed]:
        """Yield what is genuine, with batches that follow each other joined, and in place of the rest its dead letter.

        The order within a store stays.
        """
        parts = list(_in_runs(items))
        # Nearly all is genuine: of every run the last signature, all at once.
        claims = {
            number: claim
            for number, part in enumerate(parts)
            if isinstance(part, list) and (claim := self._claim(part[-1], pinned=False))
        }
        proven = {number for number, true in zip(claims, self._check(list(claims.values())), strict=True) if true}
        for number, part in enumerate(parts):
            if isinstance(part, list):
                yield from self._sift_run(part, proven=number in proven)
            elif isinstance(part, Heard):
                yield self._sift_status(part)
            else:
                yield part

    def _known_key(self, device: str) -> str | None:
        return self.pins[device][0] if device in self.pins else self._key_of(device)

    def _claim(self, item: HeardBatch, *, pinned: bool = True) -> Claim | None:
        key = self._known_key(item.device) if pinned else self._key_of(item.device)
        if key is None:
            return None
        batch = item.batch
        return key, batch.signature, batch_statement(item.device, batch.header_line, item.head)

    def _sift_run(self, run: Run, *, proven: bool) -> Iterator[Parsed]:
        end = len(run)
        if not proven:
            while end and not ((claim := self._claim(run[end - 1])) and self._check([claim])[0]):
                end -= 1
        if end:
            yield _joined(run[:end])
        for item in run[end:]:
            yield _forged(item, known=self._known_key(item.device) is not None)

    def _sift_status(self, item: Heard) -> Parsed:
        status = item.status
        known = self._known_key(item.device)
        key = known or status.key
        statement = status_statement(item.device, item.line)
        if not key or not self._check([(key, item.signature, statement)])[0]:
            changed = (
                bool(status.key) and status.key != known and self._check([(status.key, item.signature, statement)])[0]
            )
            return _disbelieved(item, another_key=changed)
        if known is None:
            self.pins[item.device] = (key, item.received_ms)
        return item


def _in_runs(items: Iterable[Parsed]) -> Iterator[Parsed | Run]:
    runs: dict[StoreKey, Run] = {}
    for item in items:
        if isinstance(item, HeardBatch):
            key = (item.device, item.batch.header.store)
            run = runs.get(key)
            if run and _follows(run[-1], item):
                run.append(item)
                continue
            if run:
                yield run
            runs[key] = [item]
            continue
        if isinstance(item, Heard) and (run := runs.pop((item.device, item.status.store), None)):
            yield run
        yield item
    yield from runs.values()


def _follows(last: HeardBatch, item: HeardBatch) -> bool:
    before, header = last.batch.header, item.batch.header
    return (
        header.first == before.first + before.n
        and header.prev == last.head.hex()
        and header.sent.boot == before.sent.boot
        and last.as_dead == item.as_dead
    )


def _joined(run: list[HeardBatch]) -> HeardBatch:
    """Return a run as one batch with the last one's clocks: they are the only ones whose signature was checked."""
    if len(run) == 1:
        return run[0]
    last = run[-1]
    lines = [line for item in run for line in item.batch.lines]
    first = run[0].batch.header
    header = replace(last.batch.header, first=first.first, n=len(lines), prev=first.prev)
    return last._replace(batch=Batch(header, lines))


def _forged(item: HeardBatch, *, known: bool) -> Rejected:
    header = item.batch.header
    topic = topics.up(DeviceId(item.device), "events")
    payload = b"\n".join((item.batch.header_line, *item.batch.lines))
    why = "signature does not fit" if known else "no key is known"
    detail = f"{header.store} {header.first}: {why}"
    letter = DeadLetter(item.device, topic, "bad_signature", detail, payload, item.received_ms)
    # What it says of itself is not believed, its store neither: made-up names must not fill the list.
    incident = Incident(item.device, "", "forged", detail, item.received_ms) if known else None
    return Rejected(letter, item.device, header.store, "bad_signature", incident)


def _disbelieved(item: Heard, *, another_key: bool) -> Rejected:
    topic = topics.up(DeviceId(item.device), "status")
    detail = "signed by another key" if another_key else "signature does not fit"
    letter = DeadLetter(item.device, topic, "bad_signature", detail, item.line, item.received_ms)
    incident = None
    if another_key:
        incident = Incident(item.device, "", "key_changed", item.status.key[:16], item.received_ms)
    return Rejected(letter, item.device, item.status.store, "bad_signature", incident)
