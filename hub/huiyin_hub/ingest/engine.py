"""Hub side of HFP/1 as a pure rule: what to do with a batch, given where the store's cursor stands (design §3)."""

from typing import NamedTuple

from huiyin_shared import chain
from huiyin_shared.frames import Batch, RefusalReason


class Cursor(NamedTuple):
    """The next number wanted of a store, and the chain head before it."""

    next_seq: int
    head: bytes


class Take(NamedTuple):
    """Store the lines from `skip` on; the cursor moves to `cursor`."""

    skip: int
    cursor: Cursor


class Duplicate(NamedTuple):
    """Everything in it is here already: acknowledge, or the device would send it for ever."""


class Refuse(NamedTuple):
    """Take nothing and say why."""

    reason: RefusalReason


Verdict = Take | Duplicate | Refuse


def start_of(device: str, store: str) -> Cursor:
    """Return the cursor of a store never heard of: the first event, after the chain's genesis."""
    return Cursor(1, chain.genesis(device, store))


def judge(cursor: Cursor, batch: Batch, head: bytes) -> Verdict:
    """Return what to do with a batch whose lines lead to `head`.

    Lines before the cursor are skipped, but only when the chain from `prev` over them leads to the cursor's head:
    a device whose history differs (a copied or restored card) is a fork, whatever its numbers say.
    """
    header = batch.header
    skip = cursor.next_seq - header.first
    if skip < 0:
        return Refuse("gap")
    if skip >= header.n:
        return Duplicate()
    before = bytes.fromhex(header.prev)
    if skip:
        before = chain.advance_all(before, batch.lines[:skip])
    if before != cursor.head:
        return Refuse("fork")
    return Take(skip, Cursor(header.first + header.n, head))
