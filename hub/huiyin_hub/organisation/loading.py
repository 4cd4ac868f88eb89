"""An organisation described in a TOML file: halls, counters, staff, catalogue, promise."""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection

from huiyin_hub.organisation.store import (
    Names,
    add_category,
    add_counter,
    add_hall,
    add_staff,
    set_organisation,
)
from huiyin_shared.desired import Promise, Text
from huiyin_shared.errors import HuiyinError
from huiyin_shared.events import Code


class OrganisationUnusable(HuiyinError):
    """The file describes no organisation; the text says where it goes wrong."""

    exit_code = 2


class _Counter(Struct, forbid_unknown_fields=True):
    code: Code
    name: Text
    staff: Code | None = None


class _Hall(Struct, forbid_unknown_fields=True):
    code: Code
    name: Text
    counters: Annotated[list[_Counter], Meta(min_length=1)]


class _Named(Struct, forbid_unknown_fields=True):
    code: Code
    name: Text


class OrganisationFile(Struct, forbid_unknown_fields=True):
    """What the file holds; names and promise in both languages (`zh`, `en`)."""

    name: Text
    halls: Annotated[list[_Hall], Meta(min_length=1)]
    promise: Promise = Promise()
    staff: list[_Named] = []
    categories: list[_Named] = []


def read_organisation(path: Path) -> OrganisationFile:
    """Return what a file describes. Raises `OrganisationUnusable`."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), OrganisationFile)
    except OSError as error:
        raise OrganisationUnusable(f"the file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise OrganisationUnusable(f"the file {path} cannot be used: {error}") from error
    known = {person.code for person in found.staff}
    for counter in (counter for hall in found.halls for counter in hall.counters):
        if counter.staff is not None and counter.staff not in known:
            raise OrganisationUnusable(
                f"the file {path} cannot be used: {counter.code} names unknown staff {counter.staff}"
            )
    return found


def load_organisation(connection: Connection, found: OrganisationFile) -> None:
    """Make the organisation what the file says: what is new is added, what is known is changed, nothing is removed."""
    set_organisation(connection, name=_names(found.name), promise=Names(found.promise.zh, found.promise.en))
    for position, category in enumerate(found.categories):
        add_category(connection, code=category.code, name=_names(category.name), position=position)
    for person in found.staff:
        add_staff(connection, code=person.code, name=_names(person.name))
    for hall_position, hall in enumerate(found.halls):
        add_hall(connection, code=hall.code, name=_names(hall.name), position=hall_position)
        for position, counter in enumerate(hall.counters):
            add_counter(
                connection,
                code=counter.code,
                hall_code=hall.code,
                name=_names(counter.name),
                staff_code=counter.staff,
                position=position,
            )


def _names(text: Text) -> Names:
    return Names(text.zh, text.en)
