"""Accounts, their halls, sessions and one-time links. Secrets are stored as hashes only."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Table, Text

from huiyin_hub.db.tables import RowId, metadata

account = Table(
    "account",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),  # hall_manager | central_office | administrator
    Column("password_hash", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until_ms", BigInteger, nullable=False, default=0),
)

account_hall = Table(
    "account_hall",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("hall_code", Text, primary_key=True),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)

setup_link = Table(
    "setup_link",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
)
