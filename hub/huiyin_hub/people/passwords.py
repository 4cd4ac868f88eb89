"""Passwords: hashed with Argon2id, checked a few at a time, generated without look-alike letters."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from huiyin_hub.people.errors import PasswordUnusable

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 128

# OWASP's second Argon2id profile: 19 MiB, two passes. Two at a time, so that a storm of log-ins cannot eat the memory.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_at_once = threading.BoundedSemaphore(2)
_nobodys_hash = _hasher.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """Return the Argon2id hash that is stored."""
    with _at_once:
        return _hasher.hash(password)


def password_fits(password: str, password_hash: str | None) -> bool:
    """Tell whether a password belongs to a hash; without a hash it takes as long and is always false."""
    with _at_once:
        try:
            _hasher.verify(password_hash or _nobodys_hash, password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def check_new_password(password: str, *, login: str) -> None:
    """Raise `PasswordUnusable` for a password too short, too long, or holding the login (ASVS 5.0 wants no more)."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise PasswordUnusable("error-password-short")
    if len(password) > MAX_PASSWORD_CHARS:
        raise PasswordUnusable("error-password-long")
    if login and login.lower() in password.lower():
        raise PasswordUnusable("error-password-login")


def generated_password() -> str:
    """Return a random password of four groups, 79 bits, easy to read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
