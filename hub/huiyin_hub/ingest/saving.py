"""Events that another store carries, because their own could not go on: each counts once, whichever way it came.

An event carried from a closed store goes to its old place. One from a store that another card goes on with (a fork)
cannot: its number there belongs to the other card's event. It counts under the number it is carried by, and should its
bytes ever come under the old number too, that row is marked `again` and counts nothing.
"""

from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from huiyin_hub.cases.intake import Intake
from huiyin_hub.fleet.incidents import Incident, IncidentKind
from huiyin_hub.ingest.cursors import KnownStore, StoreKey, add_stores, end_store, raise_epoch, read_stores
from huiyin_hub.ingest.dead_letters import DeadLetter
from huiyin_hub.ingest.gathering import DEAD_KIND, KINDS, EventRow, Gathering, Replacement, SavedLine
from huiyin_hub.ingest.tables import adopted
from huiyin_hub.ingest.tables import event as event_table
from huiyin_shared import topics
from huiyin_shared.errors import FrameError
from huiyin_shared.events import Event, Feedback, Salvaged, StoreReplaced, decode_event
from huiyin_shared.ids import DeviceId

ADOPTED_KIND = "adopted"
ADOPTED_FEEDBACK_KIND = "adopted_feedback"

_INCIDENTS: dict[str, IncidentKind] = {"damaged": "store_damaged", "history_gone": "history_gone", "forked": "fork"}


def settle_saved(connection: Connection, gathering: Gathering) -> list[EventRow]:
    """Decide on every carried event: known already, back to its old place (returned as rows), or adopted.

    Runs inside the transaction, after its events and cursors: what a store sent itself, before or just now, counts.
    """
    if not gathering.saved and not gathering.replacements:
        return []
    spoken: list[SavedLine | Replacement] = [*gathering.saved, *gathering.replacements]
    keys: set[StoreKey] = {(item.device, item.store) for item in gathering.saved}
    keys |= {(item.device, item.note.predecessor) for item in gathering.replacements}
    add_stores(connection, sorted(keys), max(item.received_ms for item in spoken))
    for item in gathering.replacements:
        _end(connection, gathering, item)
    stores = read_stores(connection, keys)
    rows: list[EventRow] = []
    for key in sorted(keys):
        mine = [item for item in gathering.saved if (item.device, item.store) == key]
        rows += _settle(connection, gathering, stores[key], mine)
    return rows


def _end(connection: Connection, gathering: Gathering, item: Replacement) -> None:
    note = item.note
    end_store(
        connection,
        (item.device, note.predecessor),
        ended=note.kind,
        successor=item.successor,
        closed_ms=item.received_ms if note.closes else 0,
    )
    lost = ", ".join(f"{low}…{high}" for low, high in note.missing)
    detail = f"goes on as {item.successor} with {note.recovered} carried events; {note.why}"
    detail += f"; lost: {lost}" if lost else ""
    kind: IncidentKind = "head_regression" if note.why == "hub_ahead" else _INCIDENTS[note.kind]
    gathering.incidents.append(Incident(item.device, note.predecessor, kind, detail, item.received_ms))


def _settle(connection: Connection, gathering: Gathering, origin: KnownStore, items: list[SavedLine]) -> list[EventRow]:
    present = _present(connection, origin.id, sorted({item.seq for item in items}))
    adopted_before = set(origin.adopted)
    rows: list[EventRow] = []
    for item in sorted(items, key=lambda item: (item.seq, item.at_seq)):
        fingerprint = (item.seq, sha256(item.line).digest())
        if present.get(item.seq) == item.line or fingerprint in adopted_before:
            continue
        if origin.replaced and item.seq not in present:
            present[item.seq] = item.line
            rows.append(_put_back(gathering, origin.id, item))
        else:
            adopted_before.add(fingerprint)
            _adopt(connection, gathering, origin.id, item, fingerprint[1])
    if len(adopted_before) > len(origin.adopted):
        raise_epoch(connection, origin.id)
    return rows


def _present(connection: Connection, store_id: int, numbers: list[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    table = event_table.c
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        query = select(table.seq, table.line).where(table.store_id == store_id, table.seq.in_(part))
        found |= {row.seq: bytes(row.line) for row in connection.execute(query)}
    return found


def _put_back(gathering: Gathering, store_id: int, item: SavedLine) -> EventRow:
    event = _read(gathering, item)
    kind = DEAD_KIND
    if event is not None:
        # A store that itself began as a successor carries such notes; they say nothing new here.
        kind = KINDS[type(event)]
        _count(gathering, event, store_id, item.seq, item)
    occurred_ms, error_ms, timing = item.dating
    return (store_id, item.seq, item.line, kind, occurred_ms, error_ms, item.received_ms, timing)


def _adopt(connection: Connection, gathering: Gathering, origin_id: int, item: SavedLine, line_hash: bytes) -> None:
    connection.execute(
        insert(adopted).values(
            origin_id=origin_id, origin_seq=item.seq, line_hash=line_hash, store_id=item.store_id, seq=item.at_seq
        )
    )
    event = _read(gathering, item)
    if event is None:
        return
    _count(gathering, event, item.store_id, item.at_seq, item)
    occurred_ms, error_ms, timing = item.dating
    table = event_table.c
    connection.execute(
        update(event_table)
        .where(table.store_id == item.store_id, table.seq == item.at_seq)
        .values(
            kind=ADOPTED_FEEDBACK_KIND if isinstance(event, Feedback) else ADOPTED_KIND,
            occurred_ms=occurred_ms,
            error_ms=error_ms,
            timing=timing,
        )
    )


def _read(gathering: Gathering, item: SavedLine) -> Event | None:
    try:
        return decode_event(item.line)
    except FrameError as error:
        topic = topics.up(DeviceId(item.device), "events")
        detail = f"{item.store} {item.seq}: {error.detail}"
        gathering.letters.append(DeadLetter(item.device, topic, error.reason, detail, item.line, item.received_ms))
        return None


def _count(gathering: Gathering, event: Event, store_id: int, seq: int, item: SavedLine) -> None:
    if isinstance(event, Salvaged | StoreReplaced):
        return
    occurred_ms, received_ms = item.dating.occurred_ms, item.received_ms
    gathering.tally.add(event, store_id=store_id, seq=seq, occurred_ms=occurred_ms, received_ms=received_ms)
    if isinstance(event, Feedback):
        gathering.intakes.append(Intake(store_id, seq, item.store, item.seq, event, occurred_ms, received_ms))
