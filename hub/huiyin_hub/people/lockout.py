"""How long a log-in must wait after wrong passwords. Pure."""

FREE_FAILURES = 5
"""So many wrong passwords cost nothing: people mistype."""

FIRST_LOCK_MS = 30_000
LONGEST_LOCK_MS = 15 * 60_000


def lock_ms(failures: int) -> int:
    """Return how long the door stays shut after the given number of failures in a row.

    Nothing before the fifth, then 30 s doubling up to 15 minutes (lock-out of GB/T 22239 with back-off: an attacker
    gets about a hundred guesses a day, and nobody is locked out for good).
    """
    if failures < FREE_FAILURES:
        return 0
    return min(LONGEST_LOCK_MS, FIRST_LOCK_MS << min(failures - FREE_FAILURES, 10))
