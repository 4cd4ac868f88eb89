"""What can be wrong with accounts, each with the form field it belongs to."""

from huiyin_shared.errors import HuiyinError


class AccountError(HuiyinError):
    """A form about people cannot be accepted; `field` says where the words belong, `message_id` which they are."""

    def __init__(self, text: str, *, field: str, message_id: str) -> None:
        super().__init__(text)
        self.field = field
        self.message_id = message_id


class LoginTaken(AccountError):
    """Another account has this login."""

    def __init__(self, login: str) -> None:
        super().__init__(f"the login {login!r} is taken", field="login", message_id="error-login-taken")
        self.login = login


class LoginUnusable(AccountError):
    """A login breaks the rules: 2 to 40 of a–z, 0–9, dot, hyphen, underscore."""

    def __init__(self, login: str) -> None:
        super().__init__(f"{login!r} cannot be a login", field="login", message_id="error-login-form")
        self.login = login


class NameUnusable(AccountError):
    """A person's name is empty or longer than 60 characters."""

    def __init__(self) -> None:
        super().__init__("the name is empty or longer than 60 characters", field="name", message_id="error-name")


class PasswordUnusable(AccountError):
    """A password is shorter than 10 or longer than 128 characters, or contains the login."""

    def __init__(self, message_id: str, *, field: str = "password") -> None:
        super().__init__("the password cannot be used", field=field, message_id=message_id)


class RoleUnknown(AccountError):
    """There is no such role."""

    def __init__(self, role: str) -> None:
        super().__init__(f"there is no role {role!r}", field="role", message_id="error-role")
        self.role = role


class HallsMissing(AccountError):
    """A hall manager needs at least one hall, and only halls that exist."""

    def __init__(self) -> None:
        super().__init__("a hall manager needs a hall", field="halls", message_id="error-halls")


class SetupLinkSpent(HuiyinError):
    """A one-time link is unknown, used or too old."""

    def __init__(self) -> None:
        super().__init__("the one-time link is unknown, used or too old")


class LastAdministrator(HuiyinError):
    """The last administrator who can log in may not be disabled: nobody could undo it."""

    def __init__(self) -> None:
        super().__init__("the last administrator cannot be disabled")
