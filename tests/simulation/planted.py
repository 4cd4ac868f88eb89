"""Bugs planted on purpose, each a patch over the real code: the simulation must find every one of them.

A simulation that never fails proves nothing; this is what shows that it can.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from huiyin_firmware_sim.worlds.hub import WorldHub
from huiyin_hub.fleet import keys
from huiyin_hub.ingest import authenticity, gathering, saving, timekeeping, writer
from huiyin_hub.ingest.engine import Cursor, Duplicate, Take, judge
from huiyin_hub.scores.rollups import Tally
from huiyin_kiosk.outbox import store
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.sync import device
from huiyin_kiosk.sync.device import SyncedDevice
from huiyin_kiosk.sync.engine import DeviceEngine, Settle
from huiyin_shared.frames import Batch

Plant = Callable[[pytest.MonkeyPatch], None]


def what_was_sent_is_deleted(patch: pytest.MonkeyPatch) -> None:
    send = SyncedDevice._send

    def wrong(self: SyncedDevice, first: int, max_events: int, max_bytes: int) -> None:
        send(self, first, max_events, max_bytes)
        with self.outbox._lock, self.outbox._writing() as db:
            db.execute("DELETE FROM event WHERE seq < ?", (self.engine._sent_next - 1,))

    patch.setattr(SyncedDevice, "_send", wrong)


def the_cursor_is_off_by_one(patch: pytest.MonkeyPatch) -> None:
    def wrong(cursor: Cursor, batch: Batch, head: bytes) -> Any:
        verdict = judge(cursor, batch, head)
        return verdict._replace(skip=verdict.skip + 1) if isinstance(verdict, Take) and verdict.skip else verdict

    patch.setattr(gathering, "judge", wrong)


def a_gap_is_taken(patch: pytest.MonkeyPatch) -> None:
    def wrong(cursor: Cursor, batch: Batch, head: bytes) -> Any:
        return judge(Cursor(max(cursor.next_seq, batch.header.first), bytes.fromhex(batch.header.prev)), batch, head)

    patch.setattr(gathering, "judge", wrong)


def the_rewind_is_dropped(patch: pytest.MonkeyPatch) -> None:
    move_to = DeviceEngine._move_to

    def wrong(self: DeviceEngine, next_seq: int, head: bytes) -> None:
        if next_seq >= self.acked_next:
            move_to(self, next_seq, head)

    patch.setattr(DeviceEngine, "_move_to", wrong)


def the_store_is_cleared_on_reconnect(patch: pytest.MonkeyPatch) -> None:
    on_connected = SyncedDevice.on_connected

    def wrong(self: SyncedDevice, max_packet_bytes: int | None) -> None:
        with self.outbox._lock, self.outbox._writing() as db:
            db.execute("DELETE FROM event WHERE seq > (SELECT acked_next FROM store)")
        on_connected(self, max_packet_bytes)

    patch.setattr(SyncedDevice, "on_connected", wrong)


def silence_is_never_followed_by_sending_again(patch: pytest.MonkeyPatch) -> None:
    stream = DeviceEngine._stream

    def wrong(self: DeviceEngine, now_ms: int) -> None:
        self._deadline_ms = now_ms + 1_000
        stream(self, now_ms)

    patch.setattr(DeviceEngine, "_stream", wrong)


def thanks_is_said_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def wrong(self: Outbox) -> Iterator[sqlite3.Connection]:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        yield self._db
        self._uncommitted = getattr(self, "_uncommitted", 0) + 1  # type: ignore[attr-defined]
        if self._uncommitted % 5 == 0:  # type: ignore[attr-defined]
            self._db.execute("COMMIT")

    patch.setattr(Outbox, "_writing", wrong)


def duplicates_are_counted_again(patch: pytest.MonkeyPatch) -> None:
    add_batch = gathering.Gathering._add_batch

    def wrong(self: gathering.Gathering, parsed: Any) -> None:
        known = self.stores.get((parsed.device, parsed.batch.header.store))
        if known and isinstance(
            judge(self.cursor((parsed.device, parsed.batch.header.store)), parsed.batch, parsed.head), Duplicate
        ):
            for seq, line in enumerate(parsed.batch.lines, parsed.batch.header.first):
                event = gathering.decode_event(line)
                self.tally.add(
                    event,
                    store_id=known.id,
                    seq=seq,
                    occurred_ms=parsed.received_ms,
                    received_ms=parsed.received_ms,
                )
        add_batch(self, parsed)

    patch.setattr(gathering.Gathering, "_add_batch", wrong)


def acknowledged_batches_stay_in_the_window(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: DeviceEngine, next_seq: int, head: bytes, now_ms: int) -> None:
        if self.phase in ("greeting", "halted"):
            self.phase = "streaming"
            self._move_to(next_seq, head)
        elif next_seq > self.acked_next:
            self._effects.append(Settle(next_seq, head))
            self.acked_next = next_seq
            self._sent_next = max(self._sent_next, next_seq)
        self._deadline_ms = now_ms + 10_000_000

    patch.setattr(DeviceEngine, "_on_ack", wrong)


def the_purge_takes_what_was_never_acknowledged(patch: pytest.MonkeyPatch) -> None:
    mark_acked = Outbox.mark_acked

    def wrong(self: Outbox, acked_next: int, hub_ms: int = 0) -> None:
        mark_acked(self, acked_next, hub_ms)
        with self._lock, self._writing() as db:
            db.execute("DELETE FROM event WHERE seq <= ?", (acked_next + 1,))

    patch.setattr(Outbox, "mark_acked", wrong)


def nothing_is_kept_for_a_hub_that_is_restored(patch: pytest.MonkeyPatch) -> None:
    mark_acked = Outbox.mark_acked

    def wrong(self: Outbox, acked_next: int, hub_ms: int = 0) -> None:
        mark_acked(self, acked_next, hub_ms)
        with self._lock, self._writing() as db:
            db.execute("DELETE FROM event WHERE seq < ?", (acked_next - 1,))

    patch.setattr(Outbox, "mark_acked", wrong)


def rollups_are_written_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    flush = WorldHub._flush

    def wrong(self: WorldHub) -> None:
        write = Tally.write
        if self.kill_next == "before_ack":
            patch.setattr(Tally, "write", lambda self, connection: None)
        flush(self)
        patch.setattr(Tally, "write", write)

    patch.setattr(WorldHub, "_flush", wrong)


def the_cursor_is_not_moved_with_the_events(patch: pytest.MonkeyPatch) -> None:
    move = writer.move_cursors
    patch.setattr(writer, "move_cursors", lambda connection, moves: move(connection, moves[:-1]))


def a_number_is_given_before_the_transaction(patch: pytest.MonkeyPatch) -> None:
    add, append = Outbox.add, store._append
    early = []

    def wrong_append(db: sqlite3.Connection, lines: list[bytes]) -> int:
        if early:
            db.execute("UPDATE store SET next_seq = next_seq - 1")
            early.clear()
        return append(db, lines)

    def wrong(self: Outbox, event: Any) -> Any:
        with self._lock:
            early.clear()
            self._db.execute("UPDATE store SET next_seq = next_seq + 1")
            early.append(True)
            return add(self, event)

    patch.setattr(Outbox, "add", wrong)
    patch.setattr(store, "_append", wrong_append)


def signatures_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keys, "is_signed", lambda _key, _signature, _statement: True)


def a_forged_batch_is_dropped_without_a_word(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authenticity, "_forged", lambda _item, _detail: None)


def carried_events_count_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(saving, "_present", lambda _connection, _store_id, _numbers: {})


def carried_events_count_nowhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(saving, "_adopt", lambda *_arguments: None)


def who_begins_anew_leaves_the_unsent_behind(patch: pytest.MonkeyPatch) -> None:
    begin_anew = Outbox.begin_anew

    def wrong(self: Outbox, *arguments: Any, **more: Any) -> None:
        with self._lock, self._writing() as db:
            db.execute("DELETE FROM event WHERE seq >= (SELECT acked_next FROM store)")
        begin_anew(self, *arguments, **more)

    patch.setattr(Outbox, "begin_anew", wrong)


def a_fork_halts_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(device, "BEGIN_ANEW", frozenset())


def an_unsynced_clock_is_believed(patch: pytest.MonkeyPatch) -> None:
    exact = timekeeping._exact

    def wrong(reading: Any, known: Any) -> Any:
        return exact(None if reading is None else replace(reading, clock="synced"), known)

    patch.setattr(timekeeping, "_exact", wrong)


def every_boot_is_dated_by_the_present_one(patch: pytest.MonkeyPatch) -> None:
    exact = timekeeping._exact

    def wrong(reading: Any, known: Any) -> Any:
        return exact(None if reading is None else replace(reading, boot=known.sent.boot), known)

    patch.setattr(timekeeping, "_exact", wrong)


PLANTED: tuple[Plant, ...] = (
    what_was_sent_is_deleted,
    the_cursor_is_off_by_one,
    a_gap_is_taken,
    the_rewind_is_dropped,
    the_store_is_cleared_on_reconnect,
    silence_is_never_followed_by_sending_again,
    thanks_is_said_before_the_commit,
    duplicates_are_counted_again,
    acknowledged_batches_stay_in_the_window,
    the_purge_takes_what_was_never_acknowledged,
    nothing_is_kept_for_a_hub_that_is_restored,
    rollups_are_written_outside_the_transaction,
    the_cursor_is_not_moved_with_the_events,
    a_number_is_given_before_the_transaction,
    signatures_are_not_checked,
    a_forged_batch_is_dropped_without_a_word,
    carried_events_count_again,
    carried_events_count_nowhere,
    who_begins_anew_leaves_the_unsent_behind,
    a_fork_halts_for_ever,
    an_unsynced_clock_is_believed,
    every_boot_is_dated_by_the_present_one,
)
