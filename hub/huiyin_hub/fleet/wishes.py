"""Each device's wished configuration, as a retained message; sent again when the organisation or the fleet changes."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from huiyin_hub.fleet.registry import devices, fingerprint
from huiyin_shared import topics
from huiyin_shared.desired import Desired, encode_desired

DesiredForCounters = Callable[[Connection], dict[str, Desired]]
VersionOf = Callable[[Connection], int]


class DesiredWishes:
    """Reads the registry and the organisation; says what devices are to be told, whole or only what changed."""

    def __init__(self, engine: Engine, *, desired_for_counters: DesiredForCounters, version: VersionOf) -> None:
        """`version` returns a number that grows whenever `desired_for_counters` would return something else."""
        self._engine = engine
        self._desired_for_counters = desired_for_counters
        self._version = version
        self._seen: tuple[int, ...] | None = None
        self._told: dict[str, bytes] = {}

    def all(self) -> list[tuple[str, bytes]]:
        """Return every device's (topic, payload). A broker that was started anew has forgotten them all."""
        self._seen = None
        self._told = {}
        return self.changed()

    def changed(self) -> list[tuple[str, bytes]]:
        """Return those that differ from what was returned before."""
        with self._engine.connect() as connection:
            now = (self._version(connection), *fingerprint(connection))
            if now == self._seen:
                return []
            desired = self._desired_for_counters(connection)
            payloads = {counter: encode_desired(wish) for counter, wish in desired.items()}
            wanted = {
                topics.down(device.id, "desired"): payloads[device.counter]
                for device in devices(connection)
                if not device.revoked and device.counter in payloads
            }
        news = [(topic, payload) for topic, payload in wanted.items() if self._told.get(topic) != payload]
        # An empty retained message takes back what a device that is no longer ours was told.
        news += [(topic, b"") for topic in self._told.keys() - wanted.keys()]
        self._seen, self._told = now, wanted
        return news
