"""The rule of the cursor: what is taken, what was here already, what is refused."""

from hypothesis import given
from hypothesis import strategies as st

from huiyin_hub.ingest import engine
from huiyin_hub.ingest.engine import Cursor, Duplicate, Refuse, Take, Verdict, start_of
from huiyin_shared import chain
from huiyin_shared.events import Reading
from huiyin_shared.frames import Batch, Header

DEVICE, STORE = "k1", "0123456789abcdef"
LINES = [f"line {number}".encode() for number in range(1, 31)]
SENT = Reading(boot="b", mono_ms=1, wall_ms=1)


def head(before: int, lines: list[bytes] | None = None) -> bytes:
    return chain.advance_all(chain.genesis(DEVICE, STORE), (lines or LINES)[: before - 1])


def batch(first: int, last: int, lines: list[bytes] | None = None) -> Batch:
    part = (lines or LINES)[first - 1 : last]
    return Batch(Header(v=1, store=STORE, first=first, n=len(part), prev=head(first, lines).hex(), sent=SENT), part)


def judge(cursor: Cursor, part: Batch) -> Verdict:
    """The rule, given the head as the reader of the batch works it out."""
    return engine.judge(cursor, part, chain.advance_all(bytes.fromhex(part.header.prev), part.lines))


def at(next_seq: int) -> Cursor:
    return Cursor(next_seq, head(next_seq))


def test_a_new_store_starts_at_one_after_its_genesis() -> None:
    assert judge(start_of(DEVICE, STORE), batch(1, 5)) == Take(0, at(6))


def test_a_batch_that_leaves_something_out_is_a_gap() -> None:
    assert judge(at(3), batch(5, 6)) == Refuse("gap")


def test_what_is_here_already_is_acknowledged_or_the_device_would_send_it_for_ever() -> None:
    assert judge(at(6), batch(1, 5)) == Duplicate()
    assert judge(at(9), batch(1, 5)) == Duplicate()


def test_of_an_overlapping_batch_only_the_new_lines_are_taken() -> None:
    assert judge(at(4), batch(2, 6)) == Take(2, at(7))


def test_another_history_is_a_fork_even_when_the_numbers_fit() -> None:
    other = [*LINES[:2], b"something else", *LINES[3:]]
    assert judge(at(4), batch(4, 6, other)) == Refuse("fork")


def test_an_overlap_whose_old_part_differs_is_a_fork() -> None:
    other = [*LINES[:2], b"something else", *LINES[3:]]
    assert judge(at(5), batch(1, 8, other)) == Refuse("fork")


def test_a_batch_of_another_device_is_a_fork() -> None:
    assert judge(start_of("k2", STORE), batch(1, 3)) == Refuse("fork")


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 9)), max_size=60))
def test_whatever_order_batches_come_in_every_line_is_taken_once_and_in_order(parts: list[tuple[int, int]]) -> None:
    cursor = start_of(DEVICE, STORE)
    taken: list[bytes] = []
    for first, more in parts:
        part = batch(first, min(first + more, 30))
        verdict = judge(cursor, part)
        if isinstance(verdict, Take):
            taken += part.lines[verdict.skip :]
            cursor = verdict.cursor
    assert taken == LINES[: len(taken)]
    assert cursor == at(len(taken) + 1)
