"""Tables of the sync: cursors per store, the events' own bytes, dead letters."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from huiyin_hub.db.tables import RowId, metadata

store = Table(
    "store",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("store", Text, nullable=False),
    Column("next_seq", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("first_heard_ms", BigInteger, nullable=False),
    Column("last_heard_ms", BigInteger, nullable=False),
    # When a successor said that this store was damaged (0: never). From then on it takes no batches; events saved from
    # it are kept under their old numbers, which may lie beyond the cursor.
    Column("replaced_ms", BigInteger, nullable=False, default=0),
    # What a successor said of this store (damaged | history_gone | forked), and who said it.
    Column("ended", Text, nullable=False, server_default=""),
    Column("successor", Text, nullable=False, server_default=""),
    # The next number the device has ever announced: what is below and not here is still on its way, or lost.
    Column("told_next", BigInteger, nullable=False, server_default="1"),
    # A moment before which nothing that follows can have happened.
    Column("newest_ms", BigInteger, nullable=False, server_default="0"),
    # Raised by whatever changes how batches of this store are judged; a cursor moves only if it is as it was read.
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("device_id", "store"),
)

event = Table(
    "event",
    metadata,
    Column("store_id", ForeignKey("store.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("line", LargeBinary, nullable=False),
    # rating | rating_detail | feedback | salvaged | store_replaced | dead; `salvaged` whose event counts here:
    # adopted | adopted_feedback; whatever counts under another number already: again
    Column("kind", Text, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("error_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("timing", Text, nullable=False, server_default="exact"),  # exact | bracketed | unsynced
    sqlite_with_rowid=False,
)

adopted = Table(
    "adopted",
    metadata,
    # An event that counts under (store_id, seq), though it was made under (origin_id, origin_seq).
    Column("origin_id", ForeignKey("store.id"), primary_key=True, autoincrement=False),
    Column("origin_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("line_hash", LargeBinary, primary_key=True),
    Column("store_id", ForeignKey("store.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
)

boot_anchor = Table(
    "boot_anchor",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("mono_ms", BigInteger, nullable=False),
    Column("hub_ms", BigInteger, nullable=False),
    Column("error_ms", BigInteger, nullable=False),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # cut at MAX_DEAD_LETTER_BYTES; size_bytes is the whole
    Column("size_bytes", Integer, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)
Index("ix_dead_letter_received_ms", dead_letter.c.received_ms)
Index("ix_dead_letter_device_id_id", dead_letter.c.device_id, dead_letter.c.id)

dead_letter_count = Table(
    "dead_letter_count",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
