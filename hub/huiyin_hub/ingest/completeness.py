"""What is here of every store and what is missing: "store s: 1…4812 all here", or the gap by name (guarantee 3).

What a device has announced but never sent is missing; what was never announced cannot be missed. Ordinary stores cost
one row of the cursors each: without gaps up to the cursor, they have nothing behind it. Only stores that another one
follows have islands there, which their successor brought.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from sqlalchemy import Connection, func, select, union

from huiyin_hub.fleet.lines import read_current_stores
from huiyin_hub.ingest.tables import adopted, event
from huiyin_hub.ingest.tables import store as store_table

StoreState = Literal["complete", "coming", "closed", "forked", "left"]
STATES: tuple[StoreState, ...] = get_args(StoreState)

_URGENCY: dict[StoreState, int] = {"left": 1, "forked": 2, "closed": 3, "coming": 4, "complete": 5}
MAX_NAMED_RANGES = 20


class Stretch(NamedTuple):
    """Numbers from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def n(self) -> int:
        """How many numbers it has."""
        return self.last - self.first + 1


class StoreFacts(NamedTuple):
    """What the hub knows of a store. `beyond` is what it has after the cursor, in order and without overlap.

    `current` is None where the device has not yet said which store it speaks for.
    """

    next_seq: int
    told_next: int
    ended: str
    current: bool | None
    beyond: tuple[Stretch, ...] = ()


class Standing(NamedTuple):
    """The verdict on a store: 1…`announced` is `here` or `missing`, whole and without overlap."""

    state: StoreState
    announced: int
    here: tuple[Stretch, ...]
    missing: tuple[Stretch, ...]


@dataclass(frozen=True)
class StoreLine:
    """A store as pages and checks show it; `current` says that its device speaks for it now."""

    device_id: str
    store: str
    state: StoreState
    current: bool
    announced: int
    here: tuple[Stretch, ...]
    missing: tuple[Stretch, ...]
    ended: str
    successor: str
    last_heard_ms: int

    @property
    def lacks(self) -> int:
        """How many announced events are not here."""
        return sum(stretch.n for stretch in self.missing)

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look at it: nothing is missing, and what ended did so for a reason."""
        return not self.missing and self.state in {"complete", "closed"}


def stand(facts: StoreFacts) -> Standing:
    """Return how a store stands. Pure."""
    here = [Stretch(1, facts.next_seq - 1)] if facts.next_seq > 1 else []
    for stretch in facts.beyond:
        if here and stretch.first <= here[-1].last + 1:
            here[-1] = Stretch(here[-1].first, max(here[-1].last, stretch.last))
        else:
            here.append(stretch)
    announced = max(facts.told_next - 1, here[-1].last if here else 0)
    missing = []
    wanted = 1
    for stretch in here:
        if stretch.first > wanted:
            missing.append(Stretch(wanted, stretch.first - 1))
        wanted = stretch.last + 1
    if wanted <= announced:
        missing.append(Stretch(wanted, announced))
    return Standing(_state(facts, lacks=bool(missing)), announced, tuple(here), tuple(missing))


def _state(facts: StoreFacts, *, lacks: bool) -> StoreState:
    if facts.ended:
        return "forked" if facts.ended == "forked" else "closed"
    if facts.current is False:
        return "left"
    return "coming" if lacks else "complete"


def read_completeness(connection: Connection, device: str = "") -> list[StoreLine]:
    """Return all stores, or those of one device: those that need a look first, most missing first."""
    query = select(store_table).order_by(store_table.c.device_id, store_table.c.first_heard_ms, store_table.c.id)
    if device:
        query = query.where(store_table.c.device_id == device)
    beyond = _beyond(connection)
    speaks_for = read_current_stores(connection)
    lines = []
    for row in connection.execute(query):
        now = speaks_for.get(row.device_id, "")
        # Closed before the hub kept the reason.
        ended = row.ended or ("damaged" if row.replaced_ms > 0 else "")
        current = row.store == now if now else None
        standing = stand(StoreFacts(row.next_seq, row.told_next, ended, current, tuple(beyond.get(row.id, ()))))
        lines.append(
            StoreLine(
                device_id=row.device_id,
                store=row.store,
                current=bool(current),
                ended=ended,
                successor=row.successor,
                last_heard_ms=row.last_heard_ms,
                **standing._asdict(),
            )
        )
    return sorted(lines, key=_urgency)


def count_states(lines: Iterable[StoreLine]) -> Mapping[StoreState, int]:
    """Return how many stores stand how, most urgent first, states nobody is in left out."""
    found = [line.state for line in lines]
    counts = {state: found.count(state) for state in sorted(STATES, key=_URGENCY.__getitem__)}
    return {state: n for state, n in counts.items() if n}


def describe(line: StoreLine) -> str:
    """Return a store's line for the command line, in English."""
    said = f"store {line.store} of device {line.device_id}: "
    if not line.announced:
        said += "nothing announced yet"
    elif not line.missing:
        said += f"1…{line.announced} all here"
    else:
        said += f"{_named(line.here, '…')} here; " if line.here else ""
        said += f"missing {_named(line.missing, '–')}"
    follows = f"goes on as {line.successor}" if line.successor else "goes on as another store"
    reasons = {
        "coming": "; on its way",
        "closed": f"; {line.ended.replace('_', ' ')}, {follows}",
        "forked": f"; another card has the same history, this one {follows}",
        "left": "; the device now speaks for another store and said nothing of this one",
    }
    return said + reasons.get(line.state, "")


def _named(stretches: tuple[Stretch, ...], dash: str) -> str:
    named = [f"{one.first}{dash}{one.last}" if one.n > 1 else str(one.first) for one in stretches[:MAX_NAMED_RANGES]]
    more = len(stretches) - MAX_NAMED_RANGES
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _urgency(line: StoreLine) -> tuple[bool, int, int]:
    certain = line.missing and line.state != "coming"
    return not certain, _URGENCY[line.state], -line.lacks


def _beyond(connection: Connection) -> dict[int, list[Stretch]]:
    """Return what the hub has after the cursors of stores that others follow, by number of the store.

    Of a forked store that is what its successor carries and the hub counts in its stead.
    """
    table = store_table.c
    put_back = (
        select(event.c.store_id.label("store_id"), event.c.seq.label("seq"))
        .join_from(store_table, event, event.c.store_id == table.id)
        .where(table.replaced_ms > 0, event.c.seq >= table.next_seq)
    )
    carried = (
        select(adopted.c.origin_id, adopted.c.origin_seq)
        .join_from(store_table, adopted, adopted.c.origin_id == table.id)
        .where(adopted.c.origin_seq >= table.next_seq)
    )
    numbers = union(put_back, carried).subquery()
    ranked = select(
        numbers.c.store_id,
        numbers.c.seq,
        (numbers.c.seq - func.row_number().over(partition_by=numbers.c.store_id, order_by=numbers.c.seq)).label(
            "island"
        ),
    ).subquery()
    islands = (
        select(ranked.c.store_id, func.min(ranked.c.seq), func.max(ranked.c.seq))
        .group_by(ranked.c.store_id, ranked.c.island)
        .order_by(ranked.c.store_id, func.min(ranked.c.seq))
    )
    found: dict[int, list[Stretch]] = {}
    for store_id, first, last in connection.execute(islands):
        found.setdefault(store_id, []).append(Stretch(first, last))
    return found
