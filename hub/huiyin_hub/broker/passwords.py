"""Hashes of random secrets, as brokers check them. 192 random bits need no slow hash: it would only slow connecting."""

import base64
import hashlib
import os
import secrets

import bcrypt

BCRYPT_ROUNDS = 4
PBKDF2_ROUNDS = 101


def new_password() -> str:
    """Return a fresh random secret."""
    return secrets.token_urlsafe(24)


def bcrypt_hash(password: str) -> str:
    """Return the hash as nats-server checks it."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_ROUNDS)).decode()


def pbkdf2_hash(password: str) -> str:
    """Return the hash as mosquitto's password file has it: `$7$rounds$salt$hash`, PBKDF2 with SHA-512."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PBKDF2_ROUNDS)
    return f"$7${PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
