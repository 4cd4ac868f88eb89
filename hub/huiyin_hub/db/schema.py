"""Bring a database to the schema of this release, by Alembic. Every area's tables are known from here."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from huiyin_hub.cases import tables as cases_tables
from huiyin_hub.db.engine import DatabaseUnusable
from huiyin_hub.db.tables import metadata
from huiyin_hub.fleet import tables as fleet_tables
from huiyin_hub.ingest import tables as ingest_tables
from huiyin_hub.organisation import tables as organisation_tables
from huiyin_hub.people import tables as people_tables
from huiyin_hub.scores import tables as scores_tables

LATEST = "0002"
"""The newest revision under `migrations/versions`; a test holds it to that."""

AREAS = (organisation_tables, fleet_tables, ingest_tables, scores_tables, cases_tables, people_tables)


class DatabaseNewer(DatabaseUnusable):
    """The database was made by a newer release than this one."""


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables. Raises `DatabaseNewer` for a schema this release does not know."""
    if _revision(engine) == LATEST:
        return
    # Alembic takes longer to load than all the rest of a start; it is needed only now.
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = ScriptDirectory.from_config(config)
    with engine.execution_options(writes=True).begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {script.revision for script in known.walk_revisions()}:
            raise DatabaseNewer(
                f"the database is of a newer version ({current}) than this release knows; install the newer release"
            )
        if current != known.get_current_head():
            config.attributes["connection"] = connection
            config.attributes["target_metadata"] = metadata
            command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision
