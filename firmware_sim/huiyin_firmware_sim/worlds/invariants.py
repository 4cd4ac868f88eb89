"""What must hold in every world once its network has healed."""

from typing import TYPE_CHECKING

from huiyin_hub.ingest.engine import start_of
from huiyin_shared import chain
from huiyin_shared.events import Feedback, Rating, decode_event

if TYPE_CHECKING:
    from huiyin_firmware_sim.worlds.world import World


def violations(world: "World") -> list[str]:
    """Return every invariant that does not hold, in words; an empty list is what we want."""
    if not world.hub.on:
        return ["the hub never came back"]
    found = [f"{d.name} is stuck: {_state(d)}" for d in world.devices if not d.on or d.outbox.backlog()]
    stores = {
        number: (device, store) for number, device, store in world.hub.query("SELECT id, device_id, store FROM store")
    }
    lines: dict[tuple[object, object], dict[int, bytes]] = {key: {} for key in stores.values()}
    for number, seq, line in world.hub.query("SELECT store_id, seq, line FROM event ORDER BY store_id, seq"):
        lines[stores[number]][int(str(seq))] = bytes(line)  # type: ignore[call-overload]
    found += _thanked_are_there(world, lines)
    found += _nothing_unasked(world, lines)
    found += _chains_hold(world, lines)
    found += _rollups_equal_events(world, lines)
    return found


def _state(device: object) -> str:
    sync = device.sync  # type: ignore[attr-defined]
    return f"phase {sync.engine.phase}, halted {sync.engine.halted!r}, backlog {sync.outbox.backlog()}"


def _thanked_are_there(world: "World", lines: dict[tuple[object, object], dict[int, bytes]]) -> list[str]:
    found = []
    for device in world.devices:
        for (store, seq), event in device.thanked.items():
            line = lines.get((device.name, store), {}).get(seq)
            if line is None:
                found.append(f"thanked event {device.name} {seq} is not at the hub")
            elif decode_event(line) != event:
                found.append(f"event {device.name} {seq} is another one at the hub")
    return found


def _nothing_unasked(world: "World", lines: dict[tuple[object, object], dict[int, bytes]]) -> list[str]:
    known = {getattr(event, "visit", None) for device in world.devices for event in device.attempted}
    seen: set[object] = set()
    found = []
    for (device, _store), events in lines.items():
        for seq, line in events.items():
            visit = getattr(decode_event(line), "visit", "")
            if visit not in known:
                found.append(f"event {device} {seq} at the hub was never made")
            if visit in seen:
                found.append(f"event {device} {seq} is at the hub twice")
            seen.add(visit)
    return found


def _chains_hold(world: "World", lines: dict[tuple[object, object], dict[int, bytes]]) -> list[str]:
    found = []
    for device, store, next_seq, head in world.hub.query("SELECT device_id, store, next_seq, head FROM store"):
        events = lines[device, store]
        if list(events) != list(range(1, int(str(next_seq)))):
            found.append(f"the hub has {len(events)} of 1…{int(str(next_seq)) - 1} of {device}")
        elif chain.advance_all(start_of(str(device), str(store)).head, events.values()) != head:
            found.append(f"the chain of {device} does not lead to its head")
    return found


def _rollups_equal_events(world: "World", lines: dict[tuple[object, object], dict[int, bytes]]) -> list[str]:
    events = [decode_event(line) for store in lines.values() for line in store.values()]
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
