"""The life of a case: only the table's moves, only by who may, only with what must be filled in."""

from itertools import product

import pytest

from huiyin_hub.cases.moves import (
    MOVES,
    STATES,
    MoveIncomplete,
    MoveNotAllowed,
    MoveUnknown,
    decide,
    diagram,
    moves_from,
)
from huiyin_hub.people.roles import ROLES

FILLED = {"note": "n", "answer": "a"}


def test_a_case_goes_from_received_to_closed_in_three_moves() -> None:
    state = "received"
    for name in ("accept", "answer", "close"):
        move, _ = decide(name, state=state, role="central_office", filled=FILLED)
        assert move.to is not None
        state = move.to
    assert state == "closed"


@pytest.mark.parametrize(("state", "role"), list(product(STATES, ROLES)))
def test_what_the_table_does_not_allow_is_refused(state: str, role: str) -> None:
    open_moves = {move.name for move in moves_from(state, role)}
    for move in MOVES:
        if move.name in open_moves:
            decide(move.name, state=state, role=role, filled=FILLED)
        else:
            with pytest.raises(MoveNotAllowed):
                decide(move.name, state=state, role=role, filled=FILLED)


def test_neither_hall_managers_nor_administrators_handle_cases() -> None:
    assert not [state for state in STATES for role in ("hall_manager", "administrator") if moves_from(state, role)]


def test_a_closed_case_stays_closed() -> None:
    assert moves_from("closed", "central_office") == []


def test_no_state_is_a_dead_end_before_closed_and_every_state_can_be_reached() -> None:
    reached, todo = set(), ["received"]
    while todo:
        state = todo.pop()
        reached.add(state)
        todo += [m.to for m in moves_from(state, "central_office") if m.to and m.to not in reached]
    assert reached == set(STATES)
    assert all(moves_from(state, "central_office") for state in STATES if state != "closed")


@pytest.mark.parametrize("answer", ["", "  \n ", "x" * 4_001])
def test_an_answer_must_say_something_and_not_too_much(answer: str) -> None:
    with pytest.raises(MoveIncomplete) as caught:
        decide("answer", state="accepted", role="central_office", filled={"answer": answer})
    assert set(caught.value.problems) == {"answer"}


def test_a_move_nobody_knows_is_named() -> None:
    with pytest.raises(MoveUnknown):
        decide("delete", state="received", role="central_office", filled=FILLED)


def test_the_diagram_shows_every_move_of_the_table() -> None:
    shown = diagram()
    for move in MOVES:
        for start in move.start:
            assert f"{start} --> {move.to or start}: {move.name}" in shown
