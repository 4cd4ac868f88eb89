"""The first page after log-in: the halls, cases or devices a person works with."""

from fastapi import APIRouter, Response

from huiyin_hub.cases.ledger import count_by_state
from huiyin_hub.fleet.lines import read_devices
from huiyin_hub.ingest.dead_letters import count_all
from huiyin_hub.people.accounts import list_accounts
from huiyin_hub.scores.board import read_board
from huiyin_hub.web.places import read_places
from huiyin_hub.web.reader import LoggedIn

router = APIRouter()


@router.get("/")
def start(reader: LoggedIn) -> Response:
    """Show what this person's role has to do with, and today's numbers of their halls."""
    site, account, now_ms = reader.site, reader.account, reader.site.clock()
    with site.reading() as connection:
        places = read_places(connection)
        halls = [
            (hall, read_board(connection, hall.counter_codes, now_ms=now_ms, zone=site.zone).hall)
            for hall in places.halls.values()
            if account.may_see_hall(hall.code)
        ]
        states = count_by_state(connection) if account.may("handle_cases") else None
        machine = None
        if account.may("see_devices"):
            devices = read_devices(connection, now_ms)
            machine = {
                "devices": len(devices),
                "hearing": sum(one.state == "online" for one in devices),
                "backlog": sum(one.backlog for one in devices),
                "dead": count_all(connection),
                "people": len(list_accounts(connection)),
            }
    return reader.page("start.html", places=places, halls=halls, states=states, machine=machine)
