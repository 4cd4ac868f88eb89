"""The ledger and the case page: for the central office only."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from huiyin_hub.cases.ledger import (
    Case,
    Filter,
    count_by_state,
    find_cases,
    move_case,
    read_case,
    read_history,
)
from huiyin_hub.cases.moves import MOVES, STATES, CaseChanged, MoveIncomplete, moves_from
from huiyin_hub.people.accounts import list_accounts
from huiyin_hub.scores.calendar import day_start_ms, next_day_start_ms
from huiyin_hub.web.forms import Posted, clean, day_from, row_id
from huiyin_hub.web.places import Places, read_places
from huiyin_hub.web.reader import LoggedIn, Member
from huiyin_shared.survey import FEEDBACK_KINDS

router = APIRouter()
MAX_SEARCH_CHARS = 100
FILTER_FIELDS = ("state", "kind", "hall", "counter", "since", "until", "q")


@dataclass(frozen=True)
class Wish:
    """The ledger's filter form as it was filled in, and what is wrong with it."""

    filled: dict[str, str]
    filter: Filter
    errors: dict[str, str]

    def address(self, **changed: str) -> str:
        """Return the ledger's address with some fields changed; empty ones are left out."""
        fields = {name: value for name, value in {**self.filled, **changed}.items() if value}
        return f"/cases?{urlencode(fields)}" if fields else "/cases"


@router.get("/cases")
def ledger(reader: LoggedIn, request: Request) -> Response:
    """Show a page of the ledger."""
    reader.must("handle_cases")
    site = reader.site
    below = request.query_params.get("below", "")
    with site.reading() as connection:
        places = read_places(connection)
        wish = _wish(reader, places)
        page = None if wish.errors else find_cases(connection, wish.filter, below=row_id(below) if below else None)
        states = None if below and reader.is_htmx else count_by_state(connection)
    template = "_ledger_rows.html" if reader.is_htmx and below else "_ledger.html" if reader.is_htmx else "ledger.html"
    return reader.page(
        template,
        status=422 if wish.errors else 200,
        places=places,
        wish=wish,
        errors=wish.errors,
        page=page,
        states=states,
        all_states=STATES,
        kinds=FEEDBACK_KINDS,
        first=not below,
    )


@router.get("/cases/{number}")
def show(reader: LoggedIn, number: str) -> Response:
    """Show a case with its history and the moves open to this person."""
    reader.must("handle_cases")
    with reader.site.reading() as connection:
        return _case_page(reader, connection, _case(connection, number))


@router.post("/cases/{number}/moves/{name}")
def move(reader: LoggedIn, form: Posted, number: str, name: str) -> Response:
    """Make one move. A case that somebody else has moved meanwhile is shown as a conflict, and nothing is written."""
    reader.must("handle_cases")
    site = reader.site
    filled = {"note": form.text("note"), "answer": form.text("answer")}
    try:
        with site.writing().begin() as connection:
            found = _case(connection, number)
            move_case(
                connection,
                found,
                name,
                seen_version=form.number("version"),
                role=reader.account.role,
                by_account=reader.account.login,
                filled=filled,
                now_ms=site.clock(),
            )
    except MoveIncomplete as error:
        with site.reading() as connection:
            return _case_page(reader, connection, _case(connection, number), status=422, failed=error, filled=filled)
    except CaseChanged:
        with site.reading() as connection:
            return _conflict_page(reader, connection, _case(connection, number), filled=filled)
    return RedirectResponse(f"/cases/{found.id}", 303)


def _case(connection: Connection, number: str) -> Case:
    found = read_case(connection, row_id(number))
    if found is None:
        raise HTTPException(404)
    return found


def _case_page(
    reader: Member,
    connection: Connection,
    found: Case,
    *,
    status: int = 200,
    failed: MoveIncomplete | None = None,
    filled: dict[str, str] | None = None,
) -> Response:
    errors = {field: reader.t(message_id) for field, message_id in failed.problems.items()} if failed else {}
    return reader.page(
        "case.html",
        status=status,
        case=found,
        history=read_history(connection, found.id),
        moves=moves_from(found.state, reader.account.role),
        failed=failed.move if failed else "",
        errors=errors,
        filled=filled or {},
        **_named(connection),
    )


def _conflict_page(reader: Member, connection: Connection, found: Case, *, filled: dict[str, str]) -> Response:
    return reader.page(
        "conflict.html",
        status=409,
        case=found,
        last=read_history(connection, found.id)[-1:],
        filled=filled,
        **_named(connection),
    )


def _named(connection: Connection) -> dict[str, Any]:
    return {
        "places": read_places(connection),
        "names": {account.login: account.name for account in list_accounts(connection)},
        "states": STATES,
        "all_moves": [move.name for move in MOVES],
    }


def _wish(reader: Member, places: Places) -> Wish:
    query, errors = reader.request.query_params, {}
    filled = {name: clean(query.get(name, "")).strip()[:MAX_SEARCH_CHARS] for name in FILTER_FIELDS}
    since = until = None
    try:
        since = day_from(filled["since"])
    except ValueError:
        errors["since"] = reader.t("error-date")
    try:
        until = day_from(filled["until"])
    except ValueError:
        errors["until"] = reader.t("error-date")
    if since and until and until < since:
        errors["until"] = reader.t("error-dates-order")
    for field, known in (
        ("state", STATES),
        ("kind", FEEDBACK_KINDS),
        ("hall", tuple(places.halls)),
        ("counter", tuple(places.counters)),
    ):
        if filled[field] and filled[field] not in known:
            errors[field] = reader.t("error-choice")
    zone = reader.site.zone
    hall = places.halls.get(filled["hall"])
    counters = [filled["counter"]] if filled["counter"] else hall.counter_codes if hall else []
    wanted = Filter(
        state=filled["state"],
        kind=filled["kind"],
        counters=counters,
        since_ms=day_start_ms(since, zone) if since else None,
        until_ms=next_day_start_ms(until, zone) if until else None,
        text=filled["q"],
    )
    return Wish(filled, wanted, errors)
