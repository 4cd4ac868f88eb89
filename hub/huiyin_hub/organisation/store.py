"""Halls, counters, staff and the service catalogue: added, changed and listed as small rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from sqlalchemy import Connection, Table, insert, select, update

from huiyin_hub.organisation.tables import category, counter, hall, organisation, staff
from huiyin_shared.errors import HuiyinError

ORGANISATION_ID = 1


class CounterUnknown(HuiyinError):
    """There is no counter of this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is no counter {code}")
        self.code = code


@dataclass(frozen=True)
class Names:
    """A name, or another short text, in the product's languages."""

    zh: str
    en: str

    def pick(self, language: str) -> str:
        """Return the name for a language code."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Hall:
    """A building or room with counters."""

    code: str
    name: Names


@dataclass(frozen=True)
class Staff:
    """Somebody who serves at counters."""

    code: str
    name: Names


@dataclass(frozen=True)
class Counter:
    """One service position, and who sits there now."""

    code: str
    hall: str
    name: Names
    staff: Staff | None


@dataclass(frozen=True)
class Category:
    """An entry of the service catalogue (A5)."""

    code: str
    name: Names


@dataclass(frozen=True)
class Organisation:
    """Who runs the halls, its public service promise (A7), and the version of what devices are told."""

    name: Names
    promise: Names
    desired_version: int


P = ParamSpec("P")


def _changes_what_devices_show(
    change: Callable[Concatenate[Connection, P], None],
) -> Callable[Concatenate[Connection, P], None]:
    @wraps(change)
    def changing(connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> None:
        change(connection, *args, **kwargs)
        connection.execute(update(organisation).values(desired_version=organisation.c.desired_version + 1))

    return changing


def _put(connection: Connection, table: Table, code: str, **values: object) -> None:
    known = update(table).where(table.c.code == code).values(values)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(table).values(code=code, **values))


@_changes_what_devices_show
def set_organisation(connection: Connection, *, name: Names, promise: Names) -> None:
    """Name the organisation and its public service promise."""
    values = {"name_zh": name.zh, "name_en": name.en, "promise_zh": promise.zh, "promise_en": promise.en}
    known = update(organisation).where(organisation.c.id == ORGANISATION_ID).values(values)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(organisation).values(id=ORGANISATION_ID, desired_version=0, **values))


@_changes_what_devices_show
def add_hall(connection: Connection, *, code: str, name: Names, position: int = 0) -> None:
    """Add a hall, or change the one of this code."""
    _put(connection, hall, code, name_zh=name.zh, name_en=name.en, position=position)


@_changes_what_devices_show
def add_staff(connection: Connection, *, code: str, name: Names) -> None:
    """Add a member of staff, or rename the one of this code."""
    _put(connection, staff, code, name_zh=name.zh, name_en=name.en)


@_changes_what_devices_show
def add_counter(
    connection: Connection, *, code: str, hall_code: str, name: Names, staff_code: str | None = None, position: int = 0
) -> None:
    """Add a counter to a hall, or change the one of this code."""
    place = {"hall_code": hall_code, "staff_code": staff_code, "position": position}
    _put(connection, counter, code, name_zh=name.zh, name_en=name.en, **place)


@_changes_what_devices_show
def seat(connection: Connection, *, counter_code: str, staff_code: str | None) -> None:
    """Say who sits at a counter now. Raises `CounterUnknown`."""
    done = connection.execute(update(counter).where(counter.c.code == counter_code).values(staff_code=staff_code))
    if done.rowcount == 0:
        raise CounterUnknown(counter_code)


@_changes_what_devices_show
def add_category(connection: Connection, *, code: str, name: Names, position: int = 0) -> None:
    """Add a category to the service catalogue, or change the one of this code."""
    _put(connection, category, code, name_zh=name.zh, name_en=name.en, position=position)


def find_organisation(connection: Connection) -> Organisation | None:
    """Return the organisation, or None before it has been named."""
    row = connection.execute(select(organisation).where(organisation.c.id == ORGANISATION_ID)).first()
    if row is None:
        return None
    promise = Names(row.promise_zh, row.promise_en)
    return Organisation(Names(row.name_zh, row.name_en), promise, row.desired_version)


def list_halls(connection: Connection) -> list[Hall]:
    """Return all halls in their order."""
    rows = connection.execute(select(hall).order_by(hall.c.position, hall.c.code))
    return [Hall(row.code, Names(row.name_zh, row.name_en)) for row in rows]


def find_hall(connection: Connection, code: str) -> Hall | None:
    """Return a hall by its code."""
    row = connection.execute(select(hall).where(hall.c.code == code)).first()
    return Hall(row.code, Names(row.name_zh, row.name_en)) if row else None


def list_counters(connection: Connection, hall_code: str | None = None) -> list[Counter]:
    """Return the counters of a hall, or of all halls, in their order, each with who sits there."""
    query = (
        select(counter, staff.c.name_zh.label("staff_zh"), staff.c.name_en.label("staff_en"))
        .select_from(
            counter.outerjoin(staff, counter.c.staff_code == staff.c.code).join(
                hall, counter.c.hall_code == hall.c.code
            )
        )
        .order_by(hall.c.position, hall.c.code, counter.c.position, counter.c.code)
    )
    if hall_code is not None:
        query = query.where(counter.c.hall_code == hall_code)
    return [
        Counter(
            row.code,
            row.hall_code,
            Names(row.name_zh, row.name_en),
            Staff(row.staff_code, Names(row.staff_zh, row.staff_en)) if row.staff_code else None,
        )
        for row in connection.execute(query)
    ]


def find_counter(connection: Connection, code: str) -> Counter | None:
    """Return a counter by its code."""
    return next((found for found in list_counters(connection) if found.code == code), None)


def hall_of(connection: Connection, counter_code: str) -> str | None:
    """Return the code of the hall a counter is in, or None when there is no such counter."""
    code: str | None = connection.execute(
        select(counter.c.hall_code).where(counter.c.code == counter_code)
    ).scalar_one_or_none()
    return code


def list_staff(connection: Connection) -> list[Staff]:
    """Return all staff by code."""
    rows = connection.execute(select(staff).order_by(staff.c.code))
    return [Staff(row.code, Names(row.name_zh, row.name_en)) for row in rows]


def list_categories(connection: Connection) -> list[Category]:
    """Return the service catalogue in its order."""
    rows = connection.execute(select(category).order_by(category.c.position, category.c.code))
    return [Category(row.code, Names(row.name_zh, row.name_en)) for row in rows]


def desired_version(connection: Connection) -> int:
    """Return the version of what devices are told: it grows with every change of this area. 0 before there is any."""
    version: int | None = connection.execute(select(organisation.c.desired_version)).scalar_one_or_none()
    return version or 0
