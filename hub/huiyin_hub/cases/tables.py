"""Cases and their history. A case is never deleted and its history only grows (E4)."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from huiyin_hub.db.tables import RowId, metadata

case = Table(
    "case_",
    metadata,
    Column("id", RowId, primary_key=True),
    # Where it came from: the event's identity. (store, seq) is unique, so a case cannot be opened twice.
    Column("store_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("receipt", Text, nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("counter_code", Text, nullable=False),
    Column("staff_code", Text, nullable=False),
    Column("category_code", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("contact_name", Text, nullable=False),
    Column("contact_phone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),  # raised by every move: two people cannot overwrite each other
    Column("occurred_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("answer", Text, nullable=False, default=""),
    UniqueConstraint("store_id", "seq"),
)
Index("ix_case__state_id", case.c.state, case.c.id)
Index("ix_case__kind_id", case.c.kind, case.c.id)
Index("ix_case__counter_code_id", case.c.counter_code, case.c.id)

case_history = Table(
    "case_history",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case_id", ForeignKey("case_.id"), nullable=False, index=True),
    Column("move", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("by_account", Text, nullable=False),  # empty: the system itself
    Column("note", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
