"""The hash chain over a store's events: head_n = SHA-256(head_{n-1} + SHA-256(line_n)).

A line can be erased when the law demands it: its hash stays and the chain still verifies (design §3).
"""

from collections.abc import Iterable
from hashlib import sha256

HEAD_BYTES = 32


def genesis(device: str, store: str) -> bytes:
    """Return the head before the first event: it binds the chain to its device and store."""
    return sha256(f"HFP/1\n{device}\n{store}".encode()).digest()


def advance(head: bytes, line: bytes) -> bytes:
    """Return the head after `line`."""
    return sha256(head + sha256(line).digest()).digest()


def advance_all(head: bytes, lines: Iterable[bytes]) -> bytes:
    """Return the head after all `lines`, in order."""
    for line in lines:
        head = sha256(head + sha256(line).digest()).digest()
    return head
