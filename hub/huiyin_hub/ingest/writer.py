"""One transaction for everything that has arrived, then one answer a store: acknowledged only after the COMMIT."""

from collections.abc import Callable, Iterable, Sequence

import structlog
from psycopg import OperationalError as PsycopgOperationalError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from huiyin_hub.cases.intake import open_cases
from huiyin_hub.db.statements import Statement
from huiyin_hub.fleet.incidents import note_incidents
from huiyin_hub.fleet.keys import DeviceKeys, KeyTaken, SignatureChecker, pin_keys
from huiyin_hub.fleet.status import Heard, newly_turned_away, note_statuses
from huiyin_hub.ingest import dead_letters
from huiyin_hub.ingest.anchors import BootAnchors, keep_anchors
from huiyin_hub.ingest.authenticity import Authenticity
from huiyin_hub.ingest.cursors import CursorMoved, Cursors, KnownStore, move_cursors, note_told
from huiyin_hub.ingest.dead_letters import DeadLetter
from huiyin_hub.ingest.gathering import EventRow, Gathering
from huiyin_hub.ingest.link import Message
from huiyin_hub.ingest.parsing import HeardBatch, Parsed, Registry, Rejected, parse
from huiyin_hub.ingest.saving import settle_saved

_log = structlog.get_logger()

AWAY = (OperationalError, PsycopgOperationalError)
"""The database cannot be reached or written to, whatever it is asked. COPY bypasses SQLAlchemy's own wrapping."""

MAX_CONFLICTS = 20
RETRY_MIN_S = 0.1
RETRY_MAX_S = 5.0

Answer = tuple[str, bytes]
"""topic, payload"""

_ADD_EVENTS = Statement(
    "INSERT INTO event (store_id, seq, line, kind, occurred_ms, error_ms, received_ms, timing)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_COPY_EVENTS = (
    "COPY event (store_id, seq, line, kind, occurred_ms, error_ms, received_ms, timing) FROM STDIN (FORMAT BINARY)"
)
_COPY_TYPES = ("int8", "int8", "bytea", "text", "int8", "int8", "int8", "text")


class Writer:
    """Turns messages into committed rows and answers. Belongs to one thread."""

    def __init__(
        self, engine: Engine, registry: Registry, *, clock: Callable[[], int], pause: Callable[[float], bool]
    ) -> None:
        """`clock` gives Unix milliseconds for answers; `pause(seconds)` waits before another try and returns False
        when it is time to give up.
        """
        self._engine = engine.execution_options(writes=True)
        self._registry = registry
        self._clock = clock
        self._cursors = Cursors(engine)
        self._keys = DeviceKeys(engine)
        self._signatures = SignatureChecker()
        self._anchors = BootAnchors(engine)
        self._pause = pause

    def write(self, messages: Sequence[Message]) -> list[Answer]:
        """Commit what the messages say and return the answers to send.

        A database that cannot be written to is tried again until `pause` gives up; then nothing is answered, and the
        devices send again. A message that cannot be stored is set aside and costs the others nothing.
        """
        retry_s = RETRY_MIN_S
        while True:
            try:
                return self._write_isolating(messages)
            except AWAY as error:
                _log.error("database cannot be written to", error=type(error).__name__, again_in_s=retry_s)
                self._cursors.forget()
                if not self._pause(retry_s):
                    return []
                retry_s = min(RETRY_MAX_S, retry_s * 2)

    def _write_isolating(self, messages: Sequence[Message]) -> list[Answer]:
        try:
            return self._commit([self._parse(message) for message in messages])
        except AWAY:
            raise
        except Exception:  # noqa: BLE001 - whatever one message provokes must not cost the others: each goes alone
            _log.exception("messages could not be stored together", count=len(messages))
        answers: list[Answer] = []
        for message in messages:
            answers += self._write_alone(message)
        return answers

    def _write_alone(self, message: Message) -> list[Answer]:
        self._cursors.forget()
        try:
            parsed = self._parse(message)
            try:
                return self._commit([parsed])
            except AWAY:
                raise
            except Exception:  # noqa: BLE001 - see above: its lines are then kept unread, and the device can go on
                _log.exception("message could not be stored", topic=message.topic)
                if isinstance(parsed, HeardBatch):
                    return self._commit([parsed._replace(as_dead=True)])
                letter = DeadLetter("", message.topic, "not_storable", "", message.payload, message.received_ms)
                return self._commit([Rejected(letter)])
        except AWAY:
            raise
        except Exception:  # noqa: BLE001 - the last resort: better one message unanswered than none answered
            _log.exception("message could not even be set aside", topic=message.topic)
            return []

    def _parse(self, message: Message) -> Parsed:
        return parse(
            message.topic,
            message.payload,
            message.received_ms,
            retained=message.retained,
            registry=self._registry,
        )

    def _commit(self, parsed: Iterable[Parsed]) -> list[Answer]:
        received = list(parsed)
        for _ in range(MAX_CONFLICTS):
            authenticity = Authenticity(self._keys.of, self._signatures.check)
            items = list(authenticity.sift(received))
            gathering = Gathering(self._stores_of(items), self._anchors.of)
            for item in items:
                gathering.add(item)
            try:
                with self._engine.begin() as connection:
                    pin_keys(connection, authenticity.pins)
                    _store(connection, gathering)
            except (CursorMoved, KeyTaken):
                # Another process took the same store's batch: its word is read, then judged again.
                self._cursors.forget()
                self._keys.forget()
                continue
            self._remember(gathering)
            return gathering.answers(self._clock())
        raise CursorMoved

    def _stores_of(self, items: list[Parsed]) -> dict[tuple[str, str], KnownStore]:
        keys = {(item.device, item.batch.header.store) for item in items if isinstance(item, HeardBatch)}
        begun = {
            (item.device, item.batch.header.store): item.received_ms
            for item in items
            if isinstance(item, HeardBatch) and item.batch.header.first == 1
        }
        # A birth names its store before the first event comes: what it announces is known to be missing until then.
        begun |= {
            (item.device, item.status.store): item.received_ms
            for item in items
            if isinstance(item, Heard) and item.status.t == "birth" and not item.retained
        }
        keys.update((item.device, item.status.store) for item in items if isinstance(item, Heard))
        keys.update((item.device, item.store) for item in items if isinstance(item, Rejected) and item.store)
        stores = self._cursors.load(keys)
        new = begun.keys() - stores.keys()
        if new:
            stores |= self._cursors.add(new, max(begun.values()))
        return stores

    def _remember(self, gathering: Gathering) -> None:
        self._anchors.remember(gathering.told_anchors)
        if gathering.saved or gathering.replacements:
            self._cursors.forget()
            return
        self._cursors.remember(
            {
                key: move.known._replace(cursor=move.to, newest_ms=move.newest_ms)
                for key, move in gathering.moved.items()
            }
        )


def _store(connection: Connection, gathering: Gathering) -> None:
    move_cursors(connection, gathering.moved.values())
    _add_events(connection, gathering.events)
    _add_events(connection, settle_saved(connection, gathering))
    gathering.tally.write(connection)
    open_cases(connection, gathering.intakes)
    dead_letters.keep(connection, gathering.letters)
    note_incidents(connection, gathering.incidents + newly_turned_away(connection, gathering.heard))
    note_statuses(connection, gathering.heard)
    note_told(connection, [((h.device, h.status.store), h.status.next) for h in gathering.heard])
    keep_anchors(connection, gathering.told_anchors)


def _add_events(connection: Connection, rows: list[EventRow]) -> None:
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        _ADD_EVENTS.run_many(connection, rows)
        return
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection in use has one
    with driver.cursor() as cursor, cursor.copy(_COPY_EVENTS) as copy:
        copy.set_types(_COPY_TYPES)
        for row in rows:
            copy.write_row(row)
