"""What JSON decoders let pass and a protocol must not: a key said twice, which two readers understand in two ways."""

import json
from typing import Any

from huiyin_shared.errors import FrameError


def forbid_repeated_keys(line: bytes, reason: str) -> None:
    """Raise `FrameError` with `reason` when an object in `line`, which is JSON already, says a key twice."""
    try:
        json.loads(line.decode(), object_pairs_hook=_without_repeats)
    except _RepeatedKeyError as error:
        raise FrameError(reason, "a key is said twice") from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits and the like, in a field nobody reads.
        raise FrameError(reason, type(error).__name__) from None


class _RepeatedKeyError(Exception):
    """Found one."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise _RepeatedKeyError
