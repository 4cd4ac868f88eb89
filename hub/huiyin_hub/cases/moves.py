"""The life of a case as one table of moves: who may, from where, to where, what must be filled in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from huiyin_shared.errors import HuiyinError

State = Literal["received", "accepted", "answered", "closed"]
STATES: tuple[State, ...] = get_args(State)

Field = Literal["note", "answer"]
MAX_NOTE_CHARS = 1_000
MAX_ANSWER_CHARS = 4_000
LIMITS: dict[Field, int] = {"note": MAX_NOTE_CHARS, "answer": MAX_ANSWER_CHARS}


@dataclass(frozen=True)
class Move:
    """One allowed step. `needs` must be filled in, `takes` may be; a move without `to` leaves the state as it is."""

    name: str
    by: frozenset[str]
    start: frozenset[State]
    to: State | None
    needs: tuple[Field, ...] = ()
    takes: tuple[Field, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields of the move's form."""
        return self.needs + self.takes


_OFFICE = frozenset({"central_office"})

MOVES: tuple[Move, ...] = (
    Move("accept", _OFFICE, frozenset({"received"}), "accepted", takes=("note",)),
    Move("answer", _OFFICE, frozenset({"accepted"}), "answered", needs=("answer",), takes=("note",)),
    Move("close", _OFFICE, frozenset({"answered"}), "closed", needs=("note",)),
    Move("resume", _OFFICE, frozenset({"answered"}), "accepted", needs=("note",)),
    Move("remark", _OFFICE, frozenset({"received", "accepted", "answered"}), None, needs=("note",)),
)


class MoveUnknown(HuiyinError):
    """There is no such move."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no move {name!r}")
        self.name = name


class MoveNotAllowed(HuiyinError):
    """The move does not start from the state the case is in, or this role may not make it."""

    def __init__(self, *, move: str, state: str, role: str) -> None:
        super().__init__(f"{role} cannot {move} a case that is {state}")
        self.move = move
        self.state = state
        self.role = role


class MoveIncomplete(HuiyinError):
    """Fields of the move are empty or too long; `problems` maps each field to the id of the words for people."""

    def __init__(self, move: str, problems: Mapping[Field, str]) -> None:
        super().__init__(f"{move} lacks {', '.join(problems)}")
        self.move = move
        self.problems = dict(problems)


class CaseChanged(HuiyinError):
    """Somebody else moved the case meanwhile: nothing of this move was written."""

    def __init__(self, *, case_id: int, seen: int, now: int) -> None:
        super().__init__(f"case {case_id} changed from version {seen} to {now}")
        self.case_id = case_id
        self.seen = seen
        self.now = now


def moves_from(state: str, role: str) -> list[Move]:
    """Return the moves open to a role for a case in a state, in the table's order."""
    return [move for move in MOVES if state in move.start and role in move.by]


def decide(name: str, *, state: str, role: str, filled: Mapping[str, str]) -> tuple[Move, dict[Field, str]]:
    """Return the move and its fields, blanks at the ends removed.

    Raises `MoveUnknown`, `MoveNotAllowed` or `MoveIncomplete`.
    """
    move = next((move for move in MOVES if move.name == name), None)
    if move is None:
        raise MoveUnknown(name)
    if state not in move.start or role not in move.by:
        raise MoveNotAllowed(move=name, state=state, role=role)
    fields: dict[Field, str] = {field: filled.get(field, "").strip() for field in move.fields}
    problems: dict[Field, str] = {}
    for field, text in fields.items():
        if field in move.needs and not text:
            problems[field] = "error-needed"
        elif len(text) > LIMITS[field]:
            problems[field] = "error-too-long"
    if problems:
        raise MoveIncomplete(name, problems)
    return move, fields


def diagram() -> str:
    """Return the lifecycle as a Mermaid state diagram, generated from the table."""
    lines = ["stateDiagram-v2", "    [*] --> received"]
    for move in MOVES:
        lines += [f"    {start} --> {move.to or start}: {move.name}" for start in STATES if start in move.start]
    return "\n".join([*lines, "    closed --> [*]"])
