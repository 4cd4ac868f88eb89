"""The ledger: cases found, read and moved. Nothing here deletes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, update

from huiyin_hub.cases.moves import STATES, CaseChanged, decide
from huiyin_hub.cases.tables import case, case_history
from huiyin_shared.errors import InvalidId
from huiyin_shared.ids import StoreId, parse_receipt_number, receipt_number

PAGE_CASES = 50


@dataclass(frozen=True)
class CaseLine:
    """A case as a line of the ledger: enough to recognise it, no contact data."""

    id: int
    receipt: str
    kind: str
    state: str
    counter_code: str
    category_code: str
    text: str
    occurred_ms: int
    opened_ms: int


@dataclass(frozen=True)
class Case(CaseLine):
    """A whole case."""

    channel: str
    staff_code: str
    contact_name: str
    contact_phone: str
    language: str
    version: int
    answer: str


@dataclass(frozen=True)
class HistoryLine:
    """One move of a case; `by_account` is empty where the system itself moved it."""

    move: str
    from_state: str
    to_state: str
    by_account: str
    note: str
    at_ms: int


@dataclass(frozen=True)
class Filter:
    """What the ledger shows; empty fields do not filter. Times are half-open: from `since_ms`, before `until_ms`."""

    state: str = ""
    kind: str = ""
    counters: Sequence[str] = ()
    since_ms: int | None = None
    until_ms: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Page:
    """A page of the ledger, newest first; `older` is the id to go on below, None on the last page."""

    cases: tuple[CaseLine, ...]
    older: int | None


_LINE = [case.c[name] for name in CaseLine.__dataclass_fields__]
_WHOLE = [case.c[name] for name in Case.__dataclass_fields__]


def find_cases(connection: Connection, wanted: Filter, *, below: int | None = None, limit: int = PAGE_CASES) -> Page:
    """Return the newest cases of a filter, or those older than the case `below`.

    Pages are cut by id, not by offset: the thousandth page costs as much as the first.
    """
    rows = connection.execute(page_query(wanted, below=below, limit=limit)).mappings().all()
    lines = tuple(CaseLine(**row) for row in rows[:limit])
    return Page(lines, lines[-1].id if len(rows) > limit else None)


def page_query(wanted: Filter, *, below: int | None, limit: int) -> Select[Any]:
    """Return the query of a page; one row more than the page tells whether there is another."""
    query = select(*_LINE).where(*_conditions(wanted)).order_by(case.c.id.desc()).limit(limit + 1)
    return query if below is None else query.where(case.c.id < below)


def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many cases are in each state, from the index alone."""
    found: dict[str, int] = dict.fromkeys(STATES, 0)
    rows = connection.execute(select(case.c.state, func.count().label("n")).group_by(case.c.state))
    return found | {row.state: row.n for row in rows}


def read_case(connection: Connection, case_id: int) -> Case | None:
    """Return a case, None if there is none."""
    row = connection.execute(select(*_WHOLE).where(case.c.id == case_id)).mappings().first()
    return None if row is None else Case(**row)


def read_history(connection: Connection, case_id: int) -> list[HistoryLine]:
    """Return a case's moves, oldest first."""
    query = select(case_history).where(case_history.c.case_id == case_id).order_by(case_history.c.id)
    return [
        HistoryLine(row.move, row.from_state, row.to_state, row.by_account, row.note, row.at_ms)
        for row in connection.execute(query)
    ]


def move_case(
    connection: Connection,
    found: Case,
    name: str,
    *,
    seen_version: int,
    role: str,
    by_account: str,
    filled: Mapping[str, str],
    now_ms: int,
) -> None:
    """Make one move and write it into the history, in the caller's transaction.

    Raises `CaseChanged` when the case is no longer as the person saw it, else as `moves.decide`. The version is
    checked again by the UPDATE itself: of two moves at once exactly one is made.
    """
    if found.version != seen_version:
        raise CaseChanged(case_id=found.id, seen=seen_version, now=found.version)
    move, fields = decide(name, state=found.state, role=role, filled=filled)
    to_state = move.to or found.state
    changes: dict[str, Any] = {"state": to_state, "version": seen_version + 1}
    if "answer" in fields:
        changes["answer"] = fields["answer"]
    moved = connection.execute(
        update(case).where(case.c.id == found.id, case.c.version == seen_version).values(changes)
    )
    if moved.rowcount != 1:
        raise CaseChanged(case_id=found.id, seen=seen_version, now=seen_version + 1)
    connection.execute(
        insert(case_history).values(
            case_id=found.id,
            move=name,
            from_state=found.state,
            to_state=to_state,
            by_account=by_account,
            # An answer may be replaced by a later one; the history keeps every answer that was given.
            note="\n\n".join(text for text in (fields.get("answer", ""), fields.get("note", "")) if text),
            at_ms=now_ms,
        )
    )


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(case.c.state == wanted.state)
    if wanted.kind:
        found.append(case.c.kind == wanted.kind)
    if len(wanted.counters) == 1:
        found.append(case.c.counter_code == wanted.counters[0])
    elif wanted.counters:
        found.append(case.c.counter_code.in_(wanted.counters))
    if wanted.since_ms is not None:
        found.append(case.c.occurred_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        found.append(case.c.occurred_ms < wanted.until_ms)
    if wanted.text:
        found.append(_matches(wanted.text))
    return found


def _matches(text: str) -> ColumnElement[bool]:
    try:
        store, seq = parse_receipt_number(text)
    except InvalidId:
        return or_(
            case.c.text.icontains(text, autoescape=True),
            case.c.contact_name.icontains(text, autoescape=True),
            case.c.contact_phone.contains(text, autoescape=True),
        )
    # The number was read with its check symbol: only this one receipt can be meant.
    return case.c.receipt == receipt_number(StoreId(store), seq)
