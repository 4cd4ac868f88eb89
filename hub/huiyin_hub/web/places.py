"""The whole organisation as pages need it: halls with their counters, and names by code."""

from dataclasses import dataclass

from sqlalchemy import Connection

from huiyin_hub.organisation.store import (
    Category,
    Counter,
    Names,
    Organisation,
    Staff,
    find_organisation,
    list_categories,
    list_counters,
    list_halls,
    list_staff,
)


@dataclass(frozen=True)
class HallWithCounters:
    """A hall and its counters in their order."""

    code: str
    name: Names
    counters: tuple[Counter, ...]

    @property
    def counter_codes(self) -> list[str]:
        """The codes of the counters, in their order."""
        return [one.code for one in self.counters]


@dataclass(frozen=True)
class Places:
    """The organisation, small enough to be read for each page; all by code, in their order."""

    organisation: Organisation | None
    halls: dict[str, HallWithCounters]
    counters: dict[str, Counter]
    categories: dict[str, Category]
    staff: dict[str, Staff]

    def hall_of_counter(self, code: str) -> HallWithCounters | None:
        """Return the hall a counter stands in."""
        found = self.counters.get(code)
        return self.halls.get(found.hall) if found else None

    def counter_name(self, code: str, language: str) -> str:
        """Return a counter's name; its code where the counter is no longer known."""
        return _name(self.counters.get(code), code, language)

    def category_name(self, code: str, language: str) -> str:
        """Return a category's name; its code where it is no longer known."""
        return _name(self.categories.get(code), code, language)

    def staff_name(self, code: str, language: str) -> str:
        """Return the name of a member of staff; the code where nobody has it."""
        return _name(self.staff.get(code), code, language)


def read_places(connection: Connection) -> Places:
    """Return halls, counters, staff and categories."""
    counters = list_counters(connection)
    return Places(
        organisation=find_organisation(connection),
        halls={
            hall.code: HallWithCounters(hall.code, hall.name, tuple(one for one in counters if one.hall == hall.code))
            for hall in list_halls(connection)
        },
        counters={one.code: one for one in counters},
        categories={one.code: one for one in list_categories(connection)},
        staff={one.code: one for one in list_staff(connection)},
    )


def _name(found: Counter | Category | Staff | None, code: str, language: str) -> str:
    return found.name.pick(language) if found else code
