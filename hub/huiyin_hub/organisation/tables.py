"""Tables of halls, counters, staff and the service catalogue. Names are kept in both languages."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from huiyin_hub.db.tables import metadata

hall = Table(
    "hall",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("position", Integer, nullable=False, default=0),
)

staff = Table(
    "staff",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("code", Text, primary_key=True),
    Column("hall_code", ForeignKey("hall.code"), nullable=False, index=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("staff_code", ForeignKey("staff.code"), nullable=True),
    Column("position", Integer, nullable=False, default=0),
)

category = Table(
    "category",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("position", Integer, nullable=False, default=0),
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("promise_zh", Text, nullable=False),
    Column("promise_en", Text, nullable=False),
    Column("desired_version", Integer, nullable=False, default=1),
)
