"""People: the administrator makes accounts, disables them, gives new passwords."""

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from huiyin_hub.people.accounts import (
    Account,
    create_account,
    find_account,
    list_accounts,
    set_disabled,
    set_password,
)
from huiyin_hub.people.errors import AccountError, HallsMissing
from huiyin_hub.people.passwords import generated_password
from huiyin_hub.people.roles import ROLES
from huiyin_hub.web.forms import Posted, row_id
from huiyin_hub.web.places import read_places
from huiyin_hub.web.reader import LoggedIn, Member

router = APIRouter()


@router.get("/people")
def people(reader: LoggedIn) -> Response:
    """Show all accounts and the form for a new one."""
    reader.must("manage_people")
    return _people_page(reader)


@router.post("/people")
def create(reader: LoggedIn, form: Posted) -> Response:
    """Make an account; its generated password is shown this once."""
    reader.must("manage_people")
    filled = {"login": form.text("login"), "name": form.text("name"), "role": form.text("role")}
    halls, password = form.texts("halls"), generated_password()
    try:
        with reader.site.writing().begin() as connection:
            if not set(halls) <= read_places(connection).halls.keys():
                raise HallsMissing
            number = create_account(
                connection, password=password, halls=halls, language=reader.site.settings.language, **filled
            )
            made = find_account(connection, number)
    except AccountError as error:
        errors = {error.field: reader.t(error.message_id)}
        return _people_page(reader, status=422, errors=errors, filled={**filled, "halls": halls})
    return _people_page(reader, made=made, password=password)


@router.post("/people/{number}/password")
def renew_password(reader: LoggedIn, number: str) -> Response:
    """Give an account a new generated password, shown this once; its sessions end."""
    reader.must("manage_people")
    account, password = _account(reader, number), generated_password()
    with reader.site.writing().begin() as connection:
        set_password(connection, account.id, password, login=account.login)
    return _people_page(reader, made=account, password=password)


@router.post("/people/{number}/{switch}")
def switch_account(reader: LoggedIn, number: str, switch: str) -> Response:
    """Disable or enable an account."""
    reader.must("manage_people")
    if switch not in {"disable", "enable"}:
        raise HTTPException(404)
    account = _account(reader, number)
    with reader.site.writing().begin() as connection:
        set_disabled(connection, account.id, disabled=switch == "disable")
    return RedirectResponse("/people", 303)


def _account(reader: Member, number: str) -> Account:
    with reader.site.reading() as connection:
        account = find_account(connection, row_id(number))
    if account is None:
        raise HTTPException(404)
    return account


def _people_page(
    reader: Member,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    filled: dict[str, object] | None = None,
    made: Account | None = None,
    password: str = "",
) -> Response:
    with reader.site.reading() as connection:
        return reader.page(
            "people.html",
            status=status,
            accounts=list_accounts(connection),
            places=read_places(connection),
            roles=ROLES,
            errors=errors or {},
            filled=filled or {"login": "", "name": "", "role": "hall_manager", "halls": []},
            made=made,
            password=password,
        )
