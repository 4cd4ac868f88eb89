"""Tables of devices: the registry that says who may speak, and what was last heard of each."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Table, Text

from huiyin_hub.db.tables import metadata

device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("counter_code", ForeignKey("counter.code"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # kiosk | terminal
    # Hashes of one random secret, each as a broker checks it: bcrypt for NATS, PBKDF2 for mosquitto.
    Column("password_hash", Text, nullable=False),
    Column("password_pbkdf2", Text, nullable=False),
    Column("revoked", Boolean, nullable=False, default=False),
    Column("added_ms", BigInteger, nullable=False),
)

device_status = Table(
    "device_status",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("conn", Text, nullable=False),
    Column("store", Text, nullable=False),
    Column("backlog", BigInteger, nullable=False),
    Column("head_next", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("halted", Text, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    Column("free_kb", BigInteger),
)

device_key = Table(
    "device_key",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("public_key", Text, nullable=False),  # Ed25519, hex
    Column("pinned_ms", BigInteger, nullable=False),
)

incident = Table(
    "incident",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("store", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("detail", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
