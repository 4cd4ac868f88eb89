"""Anchors that devices have told: what dates events of boots that are over (design §4)."""

from sqlalchemy import Connection, Engine, select

from huiyin_hub.db.statements import Statement, storable
from huiyin_hub.ingest.tables import boot_anchor
from huiyin_shared.frames import Anchor

MAX_REMEMBERED = 10_000

_KEEP = Statement(
    "INSERT INTO boot_anchor (device_id, boot, mono_ms, hub_ms, error_ms) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (device_id, boot) DO UPDATE SET"
    " mono_ms = excluded.mono_ms, hub_ms = excluded.hub_ms, error_ms = excluded.error_ms"
)

Told = dict[tuple[str, str], Anchor]
"""anchors by device and boot"""


class BootAnchors:
    """The anchors of boots, read when an event of an earlier boot comes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: Told = {}

    def of(self, device: str, boot: str) -> Anchor | None:
        """Return what the device once told of a boot."""
        anchor = self._known.get((device, boot))
        if anchor is None:
            table = boot_anchor.c
            here = (table.device_id == device) & (table.boot == storable(boot))
            with self._engine.connect() as connection:
                row = connection.execute(select(table.mono_ms, table.hub_ms, table.error_ms).where(here)).first()
            if row is None:
                return None
            anchor = Anchor(boot, *row)
            self.remember({(device, boot): anchor})
        return anchor

    def remember(self, told: Told) -> None:
        """Take note of what the database now says."""
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known.update(told)


def keep_anchors(connection: Connection, told: Told) -> None:
    """Write down what births told."""
    _KEEP.run_many(
        connection,
        [
            (device, storable(boot), anchor.mono_ms, anchor.hub_ms, anchor.error_ms)
            for (device, boot), anchor in sorted(told.items(), key=lambda item: item[0])
        ],
    )
