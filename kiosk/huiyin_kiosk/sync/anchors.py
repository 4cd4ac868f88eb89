"""What the device knows of the hub's time, boot by boot: pure, fed with acks (design §4)."""

from contextlib import suppress

import msgspec

from huiyin_shared.events import Reading
from huiyin_shared.frames import MAX_ANCHORS, Ack, Anchor

DRIFT_PPM = 200
"""How far a cheap oscillator may run fast or slow; with time an anchor says less."""

KEEP_AGAIN_AFTER_MS = 10 * 60_000
"""An anchor of this boot is written down again when it is this much newer."""

_decoder: msgspec.json.Decoder[list[Anchor]] = msgspec.json.Decoder(list[Anchor])


class Anchors:
    """The best anchor of each of the last boots, the newest boot last."""

    def __init__(self, kept: bytes | None) -> None:
        self._anchors: dict[str, Anchor] = {}
        self._written: Anchor | None = None
        if kept:
            with suppress(msgspec.DecodeError):  # A help, not a duty: the next ack brings a new one.
                self._anchors = {anchor.boot: anchor for anchor in _decoder.decode(kept)}

    def of(self, boot: str) -> Anchor | None:
        """Return what is known of a boot."""
        return self._anchors.get(boot)

    def all(self) -> list[Anchor]:
        """Return what is known of the last boots."""
        return list(self._anchors.values())

    def learn(self, ack: Ack, now: Reading) -> bool:
        """Take an ack as a clock sample. Return whether what is known is worth writing down again.

        The hub stamped `hub_ms` between the echoed reading and now, so half of that time is the error.
        """
        round_trip_ms = now.mono_ms - ack.echo_mono_ms
        if ack.echo_boot != now.boot or round_trip_ms < 0:
            return False
        half_ms = (round_trip_ms + 1) // 2
        new = Anchor(boot=now.boot, mono_ms=now.mono_ms, hub_ms=ack.hub_ms + half_ms, error_ms=half_ms + 1)
        old = self._anchors.get(now.boot)
        if old and old.error_ms + (now.mono_ms - old.mono_ms) * DRIFT_PPM // 1_000_000 < new.error_ms:
            return False
        self._anchors[now.boot] = new
        while len(self._anchors) > MAX_ANCHORS:
            del self._anchors[next(iter(self._anchors))]
        written = self._written
        if (
            written
            and written.boot == new.boot
            and new.mono_ms < written.mono_ms + KEEP_AGAIN_AFTER_MS
            and new.error_ms * 2 > written.error_ms
        ):
            return False
        self._written = new
        return True

    def encoded(self) -> bytes:
        """Return everything that is known, to be given to the next start."""
        return msgspec.json.encode(self.all())
