"""Completeness: alarms that somebody must see to, and for every store what is here and what is not."""

from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from huiyin_hub.fleet.incidents import KINDS, close_incident, read_incidents, renew_key
from huiyin_hub.fleet.lines import read_devices
from huiyin_hub.fleet.registry import DeviceUnknown
from huiyin_hub.ingest.completeness import count_states, read_completeness
from huiyin_hub.web.forms import Posted, clean
from huiyin_hub.web.reader import LoggedIn

router = APIRouter()

STORES_SHOWN = 500
STRETCHES_SHOWN = 8
MAX_NAME_CHARS = 64


@router.get("/completeness")
def completeness(reader: LoggedIn) -> Response:
    """Show incidents and stores, those to look at first; the page asks for its tables again every few seconds."""
    reader.must("see_devices")
    device = _name(reader.request.query_params.get("device", ""))
    with reader.site.reading() as connection:
        stores = read_completeness(connection, device)
        incidents = [one for one in read_incidents(connection) if device in ("", one.device_id)]
        known = read_devices(connection, reader.site.clock())
    return reader.page(
        "_completeness.html" if reader.is_htmx else "completeness.html",
        device=device,
        devices=known,
        known={one.id for one in known},
        again=_address(device, quiet="1"),
        incidents=incidents,
        counts=count_states(stores),
        stores=stores[:STORES_SHOWN],
        more=max(0, len(stores) - STORES_SHOWN),
        max_named=STRETCHES_SHOWN,
    )


@router.post("/incidents/close")
def close(reader: LoggedIn, form: Posted) -> Response:
    """Take an incident off the list; closing it twice, or after somebody else, is the same as once."""
    reader.must("see_devices")
    kind = form.text("kind")
    if kind not in KINDS:
        raise HTTPException(404)
    with reader.site.writing().begin() as connection:
        close_incident(connection, device=_name(form.text("device")), store=_name(form.text("store")), kind=kind)
    return RedirectResponse(_address(_name(form.text("shown"))), 303)


@router.post("/devices/{device}/rekey")
def rekey(reader: LoggedIn, form: Posted, device: str) -> Response:
    """Believe the next key a device proves to hold, because its key file was lost."""
    reader.must("see_devices")
    try:
        with reader.site.writing().begin() as connection:
            renew_key(connection, _name(device))
    except DeviceUnknown as error:
        raise HTTPException(404) from error
    return RedirectResponse(_address(_name(form.text("shown"))), 303)


def _name(text: str) -> str:
    return clean(text).strip()[:MAX_NAME_CHARS]


def _address(device: str, **more: str) -> str:
    fields = {**({"device": device} if device else {}), **more}
    return f"/completeness?{urlencode(fields)}" if fields else "/completeness"
