"""Events saved from damaged stores, put under their old numbers: counted once, whichever way they came."""

from sqlalchemy import Connection, select

from huiyin_hub.cases.intake import Intake
from huiyin_hub.ingest.cursors import StoreKey, add_stores, mark_replaced, read_stores
from huiyin_hub.ingest.dead_letters import DeadLetter
from huiyin_hub.ingest.gathering import DEAD_KIND, KINDS, EventRow, Gathering, Replacement, SavedLine
from huiyin_hub.ingest.tables import event as event_table
from huiyin_shared import topics
from huiyin_shared.errors import FrameError
from huiyin_shared.events import Feedback, Salvaged, StoreReplaced, decode_event
from huiyin_shared.ids import DeviceId


def put_back(connection: Connection, gathering: Gathering) -> list[EventRow]:
    """Return the rows of saved events that are not here yet, and tally them; their stores take no more batches.

    Runs inside the transaction, after its events and cursors: what a store sent itself, before or just now, counts.
    """
    if not gathering.saved and not gathering.replacements:
        return []
    spoken: list[SavedLine | Replacement] = [*gathering.saved, *gathering.replacements]
    now_ms = max(item.received_ms for item in spoken)
    keys: set[StoreKey] = {(item.device, item.store) for item in spoken}
    add_stores(connection, sorted(keys), now_ms)
    for device, store in sorted(keys):
        mark_replaced(connection, device, store, now_ms)
    stores = read_stores(connection, keys)
    rows: list[EventRow] = []
    for key in sorted(keys):
        mine = {item.seq: item for item in gathering.saved if (item.device, item.store) == key}
        for number in _present(connection, stores[key].id, sorted(mine)):
            del mine[number]
        rows += [_row(gathering, stores[key].id, item) for _, item in sorted(mine.items())]
    return rows


def _present(connection: Connection, store_id: int, numbers: list[int]) -> list[int]:
    found: list[int] = []
    table = event_table.c
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        query = select(table.seq).where(table.store_id == store_id, table.seq.in_(part))
        found += connection.execute(query).scalars()
    return found


def _row(gathering: Gathering, store_id: int, item: SavedLine) -> EventRow:
    kind = DEAD_KIND
    try:
        event = decode_event(item.line)
    except FrameError as error:
        topic = topics.up(DeviceId(item.device), "events")
        detail = f"{item.store} {item.seq}: {error.detail}"
        gathering.letters.append(DeadLetter(item.device, topic, error.reason, detail, item.line, item.received_ms))
    else:
        # A store that itself began as a successor carries such notes; they say nothing new here.
        kind = KINDS[type(event)]
        if not isinstance(event, Salvaged | StoreReplaced):
            gathering.tally.add(event, store_id=store_id, seq=item.seq, occurred_ms=item.occurred_ms)
        if isinstance(event, Feedback):
            gathering.intakes.append(Intake(store_id, item.store, item.seq, event, item.occurred_ms, item.received_ms))
    return (store_id, item.seq, item.line, kind, item.occurred_ms, item.error_ms, item.received_ms)
