"""Opening and migrating the database, SQLite and PostgreSQL alike."""
