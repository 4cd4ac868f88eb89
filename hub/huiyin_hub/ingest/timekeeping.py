"""When an event happened, from the device's raw clocks and the moment the hub heard of it (design §4). Pure."""

from huiyin_shared.events import Reading

TRANSIT_ERROR_MS = 1_000
"""How long a batch may have been on its way: devices send again after five seconds, brokers here keep nothing."""

SYNCED_ERROR_MS = 2_000
"""How far a clock that follows a time service may be off."""

UNSYNCED_ERROR_MS = 86_400_000
"""How far a clock that nobody set may be off at least: the bound named is never below a day."""

FLOOR_MS = 1_704_067_200_000
"""2024-01-01: no event is older than the protocol, whatever a clock that starts at 1970 says."""


def occurrence(at: Reading, sent: Reading, received_ms: int) -> tuple[int, int]:
    """Return (when it happened in Unix milliseconds, by how much that may be wrong).

    The same boot as the batch's own reading: the device's running time since then, exact to the transit. Another boot
    with a synced clock: that clock. Otherwise the unsynced clock, as far as it can be true. Never in the future of
    `received_ms`, never before the protocol existed.
    """
    if at.boot == sent.boot:
        moment_ms = received_ms - (sent.mono_ms - at.mono_ms)
        error_ms = TRANSIT_ERROR_MS
    else:
        moment_ms = at.wall_ms
        error_ms = SYNCED_ERROR_MS if at.clock == "synced" else UNSYNCED_ERROR_MS
    if moment_ms > received_ms:
        return received_ms, max(error_ms, min(moment_ms - received_ms, received_ms - FLOOR_MS))
    if moment_ms < FLOOR_MS:
        # It can have happened at any time until now: the moment it was heard of, with all of that as its error.
        return received_ms, max(error_ms, received_ms - FLOOR_MS)
    return moment_ms, error_ms
