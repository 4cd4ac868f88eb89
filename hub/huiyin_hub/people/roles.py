"""Roles of the hub's accounts and what each may see or do. Pure."""

from typing import Literal, get_args

Role = Literal["hall_manager", "central_office", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)

Duty = Literal["see_boards", "see_all_halls", "handle_cases", "manage_people", "see_devices"]

# The administrator keeps the machine and the accounts running and sees neither cases nor boards: who holds the keys
# does not read the complaints (three separated roles of GB/T 22239).
DUTIES: dict[Role, frozenset[Duty]] = {
    "hall_manager": frozenset({"see_boards"}),
    "central_office": frozenset({"see_boards", "see_all_halls", "handle_cases"}),
    "administrator": frozenset({"manage_people", "see_devices"}),
}


def may(role: Role, duty: Duty) -> bool:
    """Tell whether a role carries a duty."""
    return duty in DUTIES[role]
