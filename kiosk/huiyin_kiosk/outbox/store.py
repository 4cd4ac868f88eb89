"""The device store: events with gap-free numbers and a hash chain, each COMMITted before anyone says thanks."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

import structlog
from sqlite_utils import Database

from huiyin_kiosk.outbox.errors import OutboxDamaged, OutboxFull, OutboxNewer, OutboxUnusable, WrongDevice
from huiyin_kiosk.outbox.schema import KNOWN, migrations
from huiyin_shared import chain
from huiyin_shared.events import Event, Feedback, Reading, Salvaged, StoreReplaced, decode_event, encode_event
from huiyin_shared.ids import STORE_ID_BYTES, DeviceId, StoreId, receipt_number, store_id_from

_log = structlog.get_logger()


@dataclass(frozen=True)
class Limits:
    """Where the store's queue ends (design §2.10). Feedback may still use the reserve when ratings may not."""

    max_backlog: int = 500_000
    reserve_backlog: int = 20_000
    min_free_bytes: int = 48 * 1024 * 1024
    reserve_free_bytes: int = 32 * 1024 * 1024
    keep_acked: int = 100_000
    keep_acked_ms: int = 30 * 86_400_000
    """Events the hub has acknowledged stay for this long by the hub's own time, in case it is restored from an old
    backup, and at most `keep_acked` of them."""

    mark_every_ms: int = 86_400_000
    """How finely the retention is measured."""


@dataclass(frozen=True)
class Stored:
    """An event that is safely on disk: its number in the store and the visitor's receipt number."""

    seq: int
    receipt: str


@dataclass(frozen=True)
class Slice:
    """A stretch of the chain to send: the head before it, its first number, its lines, the head after it."""

    first: int
    prev: bytes
    lines: list[bytes]
    head: bytes


@dataclass(frozen=True)
class Cursor:
    """Where the chain stands: next number, head, and the first number the hub has not acknowledged."""

    next_seq: int
    head: bytes
    acked_next: int


class Outbox:
    """One device's store in one SQLite file. All methods may be called from any thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection, limits: Limits) -> None:
        self.path = path
        self._db = connection
        self._lock = RLock()
        self._limits = limits
        self.refused = 0
        """Events turned away for lack of room since the file was opened."""
        row = connection.execute("SELECT device, store FROM store").fetchone()
        self.device = DeviceId(row[0])
        self.store = StoreId(row[1])

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        device: DeviceId,
        limits: Limits | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> "Outbox":
        """Open the file, making it with a fresh store id when there is none.

        Raises `OutboxUnusable` (no permission), `OutboxDamaged`, `OutboxNewer`, `WrongDevice`.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            try:
                _prepare(connection, path, device, random_bytes)
                return cls(path, connection, limits or Limits())
            except BaseException:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
            raise (OutboxDamaged if damaged else OutboxUnusable)(path, str(error)) from error
        except OSError as error:
            raise OutboxUnusable(path, str(error)) from error

    def add(self, event: Event) -> Stored:
        """Append one event and return once it would survive a power cut (guarantee 1).

        Raises `OutboxFull`, `OutboxUnusable`, and `EventTooLarge` or `FrameError` for an event out of bounds;
        after any of them nothing was accepted.
        """
        line = encode_event(event)
        try:
            self._check_room(reserved=isinstance(event, Feedback))
            with self._lock, self._writing() as db:
                seq = _append(db, [line])
                store = self.store
        except OutboxFull:
            self.refused += 1
            raise
        return Stored(seq, receipt_number(store, seq))

    def add_all(self, events: Sequence[Event]) -> None:
        """Append many events in one transaction, room or not: what was saved from a damaged store."""
        lines = [encode_event(event) for event in events]
        with self._lock, self._writing() as db:
            _append(db, lines)

    def begin_anew(
        self, at: Reading, *, why: str, hub_next: int, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        """Go on under a fresh store id, because the history under the old one cannot be continued from here.

        Everything that is still here follows in the new store under its old numbers, so receipts stay true; the hub
        counts what it has not counted. `why` is the engine's word for it, `hub_next` the number the hub wants.
        Raises `OutboxFull`, `OutboxUnusable`.
        """
        old = self.store
        store = store_id_from(random_bytes(STORE_ID_BYTES))
        gone = why == "history_gone"
        with self._lock:
            with self._writing() as db:
                rows = db.execute("SELECT seq, line FROM event ORDER BY seq").fetchall()
                cursor = self.cursor()
                oldest = rows[0][0] if rows else cursor.next_seq
                note = StoreReplaced(
                    at=at,
                    predecessor=old,
                    kind="history_gone" if gone else "forked",
                    why=why,
                    recovered=len(rows),
                    missing=[(hub_next, oldest - 1)] if gone else [],
                )
                db.execute("DELETE FROM event")
                db.execute("DELETE FROM mark")
                db.execute(
                    "UPDATE store SET store = ?, next_seq = 1, head = ?, acked_next = 1",
                    (store, chain.genesis(self.device, store)),
                )
                _append(db, [encode_event(note), *(_carried(at, old, seq, line) for seq, line in rows)])
            self.store = store  # Under the lock: nobody may pair a new number with the old name.
        _log.error("store begun anew", device=self.device, why=why, carried=len(rows))

    def cursor(self) -> Cursor:
        """Return where the chain stands."""
        with self._lock:
            return Cursor(*self._db.execute("SELECT next_seq, head, acked_next FROM store").fetchone())

    def backlog(self) -> int:
        """Return how many events the hub has not acknowledged."""
        cursor = self.cursor()
        return cursor.next_seq - cursor.acked_next

    def head_before(self, seq: int) -> bytes | None:
        """Return the chain head before event `seq`, or None when that stretch is no longer here."""
        if seq == 1:
            return chain.genesis(self.device, self.store)
        with self._lock:
            row = self._db.execute("SELECT head FROM event WHERE seq = ?", (seq - 1,)).fetchone()
        return bytes(row[0]) if row else None

    def has(self, seq: int) -> bool:
        """Tell whether event `seq` is still here."""
        with self._lock:
            return self._db.execute("SELECT 1 FROM event WHERE seq = ?", (seq,)).fetchone() is not None

    def read(self, first: int, *, max_events: int, max_bytes: int) -> Slice:
        """Return up to `max_events` lines from `first` on, fewer when they would pass `max_bytes`, at least one."""
        with self._lock:
            rows = self._db.execute(
                "SELECT line, head FROM event WHERE seq >= ? AND seq < ? ORDER BY seq", (first, first + max_events)
            ).fetchall()
            prev = head = self.head_before(first) or b""
        lines: list[bytes] = []
        size = 0
        for line, head_after in rows:
            size += len(line) + 1
            if lines and size > max_bytes:
                break
            lines.append(line)
            head = head_after
        return Slice(first, prev, lines, head)

    def oldest_unacked_wall_ms(self) -> int:
        """Return the device clock of the oldest event the hub has not acknowledged, 0 when there is none."""
        with self._lock:
            row = self._db.execute(
                "SELECT line FROM event WHERE seq = (SELECT acked_next FROM store)",
            ).fetchone()
        return decode_event(row[0]).at.wall_ms if row else 0

    def mark_acked(self, acked_next: int, hub_ms: int = 0) -> None:
        """Note that the hub has everything before `acked_next`; lower than before when the hub lost its memory.

        Acknowledged events stay for the retention and then go, oldest first. `hub_ms` is the hub's time as its ack
        says it: the device's own wall clock decides nothing.
        """
        limits = self._limits
        with self._lock, self._writing() as db:
            db.execute("UPDATE store SET acked_next = ?", (acked_next,))
            keep_from = acked_next - limits.keep_acked
            newest_ms = db.execute("SELECT coalesce(max(hub_ms), 0) FROM mark").fetchone()[0]
            if hub_ms >= newest_ms + limits.mark_every_ms:
                db.execute("INSERT INTO mark (hub_ms, acked_next) VALUES (?, ?)", (hub_ms, acked_next))
                old = db.execute(
                    "SELECT max(hub_ms), max(acked_next) FROM mark WHERE hub_ms <= ?", (hub_ms - limits.keep_acked_ms,)
                ).fetchone()
                if old[0] is not None:
                    db.execute("DELETE FROM mark WHERE hub_ms <= ?", (old[0],))
                    # A hub restored since then may want again what it had acknowledged.
                    keep_from = max(keep_from, min(old[1], acked_next))
            db.execute("DELETE FROM event WHERE seq < ?", (keep_from,))

    def setting(self, key: str) -> bytes | None:
        """Return a setting kept beside the events, such as the last good configuration."""
        with self._lock:
            row = self._db.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
        return bytes(row[0]) if row else None

    def set_setting(self, key: str, value: bytes) -> None:
        """Keep a setting. Raises `OutboxUnusable`."""
        with self._lock, self._writing() as db:
            db.execute(
                "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (key, value)
            )

    def free_bytes(self) -> int:
        """Return how much room is left on the disk the file lies on."""
        space = os.statvfs(self.path.parent)
        return space.f_bavail * space.f_frsize

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _check_room(self, *, reserved: bool) -> None:
        limits = self._limits
        free = self.free_bytes()
        if free < (limits.reserve_free_bytes if reserved else limits.min_free_bytes):
            raise OutboxFull(f"{free // 1024} kB of disk are free")
        backlog = self.backlog()
        if backlog >= limits.max_backlog + (limits.reserve_backlog if reserved else 0):
            raise OutboxFull(f"{backlog} events wait for the hub")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
                raise OutboxFull("the disk is full") from error
            raise OutboxUnusable(self.path, str(error)) from error


def _carried(at: Reading, store: StoreId, seq: int, line: bytes) -> bytes:
    """Return the line under which an event goes on in another store; what was carried before stays as it is."""
    if isinstance(decode_event(line), Salvaged | StoreReplaced):
        return line
    return encode_event(Salvaged(at=at, store=store, seq=seq, line=line))


def _append(db: sqlite3.Connection, lines: list[bytes]) -> int:
    """Give the lines the next numbers and return the last of them."""
    seq, head = db.execute("SELECT next_seq, head FROM store").fetchone()
    for line in lines:
        head = chain.advance(head, line)
        db.execute("INSERT INTO event (seq, line, head) VALUES (?, ?, ?)", (seq, line, head))
        seq += 1
    db.execute("UPDATE store SET next_seq = ?, head = ?", (seq, head))
    return int(seq) - 1


def _prepare(
    connection: sqlite3.Connection, path: Path, device: DeviceId, random_bytes: Callable[[int], bytes]
) -> None:
    # FULL: in WAL mode NORMAL loses acknowledged commits in a power cut.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "journal_size_limit = 4194304"):
        connection.execute(f"PRAGMA {pragma}")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise OutboxDamaged(path, found)
    db = Database(connection)
    if {migration.name for migration in migrations.applied(db)} - KNOWN:
        raise OutboxNewer(path)
    migrations.apply(db)
    row = connection.execute("SELECT device FROM store").fetchone()
    if row is None:
        store = store_id_from(random_bytes(STORE_ID_BYTES))
        connection.execute(
            "INSERT OR IGNORE INTO store VALUES (1, ?, ?, 1, ?, 1)", (device, store, chain.genesis(device, store))
        )
        _fsync_folder(path.parent)
    elif row[0] != device:
        raise WrongDevice(path, found=row[0], expected=device)


def _fsync_folder(folder: Path) -> None:
    # The file's name must survive a power cut too, before the first thanks.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
