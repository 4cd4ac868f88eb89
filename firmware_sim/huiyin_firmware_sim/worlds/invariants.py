"""What must hold in every world once its network has healed."""

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from huiyin_hub.ingest.engine import start_of
from huiyin_shared import chain
from huiyin_shared.events import Event, Feedback, Rating, Salvaged, StoreReplaced, decode_event

if TYPE_CHECKING:
    from huiyin_firmware_sim.worlds.device import WorldDevice
    from huiyin_firmware_sim.worlds.world import World

ANCHORED_ERROR_MS = 60_000
"""What an exact time may be off by at most in a world: it lives for minutes, and acks may be a minute late."""


class Kept(NamedTuple):
    """A row of the hub's event table."""

    device: str
    store: str
    seq: int
    line: bytes
    kind: str
    occurred_ms: int
    error_ms: int
    timing: str


def violations(world: "World") -> list[str]:
    """Return every invariant that does not hold, in words; an empty list is what we want."""
    if not world.hub.on:
        return ["the hub never came back"]
    stuck = [d for d in world.devices if not d.on or d.outbox.backlog() or d.sync.engine.halted]
    found = [f"{d.label} is stuck: {_state(d)}" for d in stuck]
    kept = [
        Kept(str(row[0]), str(row[1]), int(str(row[2])), bytes(row[3]), *row[4:])  # type: ignore[arg-type, call-overload]
        for row in world.hub.query(
            "SELECT device_id, store, seq, line, kind, occurred_ms, error_ms, timing"
            " FROM event JOIN store ON store.id = event.store_id ORDER BY store.id, seq"
        )
    ]
    counted = [(row, event) for row in kept if (event := _counted(row)) is not None]
    found += _thanked_are_there(world, counted)
    found += _chains_hold(world, kept)
    found += _rollups_equal_events(world, counted)
    found += _times_are_honest(world, counted)
    found += _what_was_wrong_is_named(world)
    return found


def _state(device: "WorldDevice") -> str:
    sync = device.sync
    return f"phase {sync.engine.phase}, halted {sync.engine.halted!r}, backlog {sync.outbox.backlog()}"


def _counted(row: Kept) -> Event | None:
    """Return the event a row counts as, if any."""
    event = decode_event(row.line)
    if isinstance(event, Salvaged) and row.kind.startswith("adopted"):
        event = decode_event(event.line)
    return None if row.kind == "again" or isinstance(event, Salvaged | StoreReplaced) else event


def _thanked_are_there(world: "World", counted: list[tuple[Kept, Event]]) -> list[str]:
    at_hub = Counter(event.visit for _, event in counted if not isinstance(event, Salvaged | StoreReplaced))
    events = {event.visit: event for _, event in counted if not isinstance(event, Salvaged | StoreReplaced)}
    found = [f"{visit} is at the hub {n} times" for visit, n in at_hub.items() if n > 1]
    attempted: dict[str, Event] = {}
    for device in world.devices:
        attempted |= device.attempted
        for visit, event in device.thanked.items():
            if visit not in at_hub:
                # A card put back to an older state cannot give a restored hub what neither of them has.
                if not (world.rolled_back and world.report.faults["hub_restored"]):
                    found.append(f"thanked {visit} is not at the hub")
            elif events[visit] != event:
                found.append(f"{visit} is another event at the hub")
    found += [f"{visit} at the hub was never made" for visit in at_hub if visit not in attempted]
    return found


def _chains_hold(world: "World", kept: list[Kept]) -> list[str]:
    lines: dict[tuple[object, object], dict[int, bytes]] = {}
    for row in kept:
        lines.setdefault((row.device, row.store), {})[row.seq] = row.line
    found = []
    for device, store, next_seq, head in world.hub.query("SELECT device_id, store, next_seq, head FROM store"):
        end = int(str(next_seq))
        events = {seq: line for seq, line in lines.get((device, store), {}).items() if seq < end}
        if list(events) != list(range(1, end)):
            found.append(f"the hub has {len(events)} of 1…{end - 1} of {device}")
        elif chain.advance_all(start_of(str(device), str(store)).head, events.values()) != head:
            found.append(f"the chain of {device} does not lead to its head")
    return found


def _rollups_equal_events(world: "World", counted: list[tuple[Kept, Event]]) -> list[str]:
    events = [event for _, event in counted]
    ratings = {level: sum(isinstance(e, Rating) and e.level == level for e in events) for level in range(1, 6)}
    rollups = dict.fromkeys(range(1, 6), 0)
    for level, n in world.hub.query("SELECT level, sum(n) FROM rollup GROUP BY level"):
        rollups[int(str(level))] = int(str(n))
    found = [] if ratings == rollups else [f"rollups {rollups} differ from ratings {ratings}"]
    cases = int(str(world.hub.query("SELECT count(*) FROM case_")[0][0]))
    feedback = sum(isinstance(event, Feedback) for event in events)
    if cases != feedback:
        found.append(f"{feedback} feedback events, {cases} cases")
    return found


def _times_are_honest(world: "World", counted: list[tuple[Kept, Event]]) -> list[str]:
    happened_ms: dict[str, int] = {}
    for device in world.devices:
        happened_ms |= device.happened_ms
    found = []
    for row, event in counted:
        visit = "" if isinstance(event, Salvaged | StoreReplaced) else event.visit
        off_ms = abs(row.occurred_ms - happened_ms.get(visit, row.occurred_ms))
        if off_ms > row.error_ms:
            found.append(f"{visit} is dated {off_ms} ms off, the bound says {row.error_ms} ({row.timing})")
        if row.timing == "exact" and row.error_ms > ANCHORED_ERROR_MS:
            found.append(f"{visit} is said to be exact to {row.error_ms} ms")
    return found


def _what_was_wrong_is_named(world: "World") -> list[str]:
    found = []
    query = "SELECT coalesce(sum(n), 0) FROM dead_letter_count WHERE reason = 'bad_signature'"
    named = int(str(world.hub.query(query)[0][0]))
    if named < world.hub.forged:
        found.append(f"{world.hub.forged} batches were forged, {named} named")
    alarms = {str(row[0]) for row in world.hub.query("SELECT device_id FROM incident")}
    # Only a fork or a card put back makes a device of these worlds begin anew.
    begun_anew = [device for device in world.devices if len(device.stores) > 1 and device.name not in alarms]
    return found + [f"{device.label} began a new store and no alarm says so" for device in begun_anew]
