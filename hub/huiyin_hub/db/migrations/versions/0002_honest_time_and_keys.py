"""Honest time, device keys, adopted events, incidents"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "adopted",
        sa.Column("origin_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("origin_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_hash", sa.LargeBinary(), nullable=False),
        sa.Column("store_id", _ROW_ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["origin_id"], ["store.id"], name=op.f("fk_adopted_origin_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_adopted_store_id")),
        sa.PrimaryKeyConstraint("origin_id", "origin_seq", "line_hash", name=op.f("pk_adopted")),
    )
    op.create_table(
        "boot_anchor",
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("hub_ms", sa.BigInteger(), nullable=False),
        sa.Column("error_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "boot", name=op.f("pk_boot_anchor")),
    )
    op.create_table(
        "device_key",
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("pinned_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_key")),
    )
    op.create_table(
        "hour_reopened",
        sa.Column("counter_code", sa.Text(), nullable=False),
        sa.Column("hour_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("counter_code", "hour_ms", name=op.f("pk_hour_reopened")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incident",
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "store", "kind", name=op.f("pk_incident")),
    )
    op.add_column("device_status", sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("device_status", sa.Column("free_kb", sa.BigInteger(), nullable=True))
    op.add_column("event", sa.Column("timing", sa.Text(), server_default="exact", nullable=False))
    # Before, only what was surely within seconds was dated by the running clock.
    op.execute("UPDATE event SET timing = 'unsynced' WHERE error_ms > 2000")
    op.add_column("store", sa.Column("ended", sa.Text(), server_default="", nullable=False))
    op.add_column("store", sa.Column("successor", sa.Text(), server_default="", nullable=False))
    op.add_column("store", sa.Column("told_next", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("store", sa.Column("newest_ms", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("store", sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE store SET ended = 'damaged' WHERE replaced_ms > 0")
