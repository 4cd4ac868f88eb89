"""Tables of the device store, as sqlite-utils migrations: each runs in a transaction with the record of it."""

from sqlite_utils import Database, Migrations

migrations = Migrations("huiyin_outbox")


@migrations()
def m001_events_and_cursor(db: Database) -> None:
    """One row for the store itself, one a event, one a setting."""
    db.execute(
        """
        CREATE TABLE store (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            device TEXT NOT NULL,
            store TEXT NOT NULL,
            next_seq INTEGER NOT NULL,
            head BLOB NOT NULL,
            acked_next INTEGER NOT NULL
        ) STRICT
        """
    )
    # The chain head after each event is kept beside it, so that any stretch can be sent again without rehashing.
    db.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, line BLOB NOT NULL, head BLOB NOT NULL) STRICT")
    db.execute("CREATE TABLE setting (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT")


@migrations()
def m002_marks_of_the_retention(db: Database) -> None:
    """How far the hub had acknowledged at which of its own times."""
    db.execute("CREATE TABLE mark (hub_ms INTEGER PRIMARY KEY, acked_next INTEGER NOT NULL) STRICT")


KNOWN = frozenset({"m001_events_and_cursor", "m002_marks_of_the_retention"})
"""Names of all migrations of this release: a file with another one was written by a newer release."""
