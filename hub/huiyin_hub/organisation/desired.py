"""What devices are told of the organisation: each its counter, its hall, the catalogue."""

from sqlalchemy import Connection

from huiyin_hub.organisation.store import (
    Counter,
    Names,
    find_organisation,
    list_categories,
    list_counters,
    list_halls,
)
from huiyin_shared.desired import CategoryCard, CounterCard, Desired, Promise, StaffCard, Text


def desired_for_counters(connection: Connection) -> dict[str, Desired]:
    """Return the wished configuration of a device at each counter, by code; empty without organisation."""
    organisation = find_organisation(connection)
    if organisation is None:
        return {}
    halls = {hall.code: hall for hall in list_halls(connection)}
    categories = [CategoryCard(item.code, _text(item.name)) for item in list_categories(connection)]
    by_hall: dict[str, list[Counter]] = {}
    for counter in list_counters(connection):
        by_hall.setdefault(counter.hall, []).append(counter)
    return {
        counter.code: Desired(
            version=organisation.desired_version,
            organisation=_text(organisation.name),
            hall=_text(halls[hall].name),
            counter=counter.code,
            counters=[_card(other) for other in counters],
            categories=categories,
            promise=Promise(organisation.promise.zh, organisation.promise.en),
        )
        for hall, counters in by_hall.items()
        for counter in counters
    }


def _card(counter: Counter) -> CounterCard:
    staff = StaffCard(counter.staff.code, _text(counter.staff.name)) if counter.staff else None
    return CounterCard(counter.code, _text(counter.name), staff)


def _text(name: Names) -> Text:
    return Text(zh=name.zh, en=name.en)
