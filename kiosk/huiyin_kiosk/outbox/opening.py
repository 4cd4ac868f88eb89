"""Open the device store so that the device can go on, whatever happened to the file."""

from pathlib import Path

import structlog

from huiyin_kiosk.outbox.errors import OutboxDamaged
from huiyin_kiosk.outbox.salvage import Salvage, read_damaged, set_aside
from huiyin_kiosk.outbox.store import Outbox
from huiyin_shared.events import Reading, Salvaged, StoreReplaced
from huiyin_shared.ids import DeviceId

_log = structlog.get_logger()

MAX_MISSING_NAMED = 100


def open_or_replace(path: Path, *, device: DeviceId, at: Reading) -> Outbox:
    """Open the store; a corrupt one is set aside and replaced by a new store that names it and holds what was saved.

    The new store's first event is the alarm (`StoreReplaced`), then every believable event the hub had not
    acknowledged follows under its old number. Raises `OutboxUnusable`, `OutboxNewer`, `WrongDevice`.
    """
    try:
        return Outbox.open(path, device=device)
    except OutboxDamaged as error:
        aside = set_aside(path)
        salvage = read_damaged(aside)
        if salvage.device not in ("", device):
            salvage = Salvage()
        _log.error("store damaged", device=device, set_aside=aside.name, recovered=len(salvage.rows))
        return _replace(path, device, at, salvage, why=str(error))


def _replace(path: Path, device: DeviceId, at: Reading, salvage: Salvage, *, why: str) -> Outbox:
    outbox = Outbox.open(path, device=device)
    note = StoreReplaced(
        at=at,
        predecessor=salvage.store,
        kind="damaged",
        why=why[:200],
        recovered=len(salvage.rows),
        missing=salvage.missing[:MAX_MISSING_NAMED],
    )
    events = [Salvaged(at=at, store=salvage.store, seq=seq, line=line) for seq, line in salvage.rows.items()]
    outbox.add_all([note, *events])
    for key, value in salvage.settings.items():
        outbox.set_setting(key, value)
    return outbox
