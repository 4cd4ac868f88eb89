"""The hub's schema: the same on both engines, no drift between tables and migrations, newer databases refused."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from huiyin_hub.db.engine import DatabaseUnusable, open_engine
from huiyin_hub.db.schema import LATEST, DatabaseNewer, migrate
from huiyin_hub.db.tables import metadata


def test_migrations_make_exactly_the_tables_of_the_areas(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_latest_revision_is_named_where_a_start_looks_for_it(engine: Engine) -> None:
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == LATEST


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer, match="newer version"):
        migrate(engine)


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/hub.db"])
def test_a_database_that_cannot_be_opened_is_one_sentence(url: str) -> None:
    with pytest.raises(DatabaseUnusable):
        open_engine(url)
