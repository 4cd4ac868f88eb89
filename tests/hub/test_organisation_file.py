"""An organisation from a file: added, changed, never half; what is wrong is said in one sentence."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from huiyin_hub.organisation.desired import desired_for_counters
from huiyin_hub.organisation.loading import OrganisationUnusable, load_organisation, read_organisation
from huiyin_hub.organisation.store import find_organisation, list_counters

EXAMPLE = Path(__file__).parents[2] / "deploy" / "organisation.example.toml"


def test_the_example_makes_an_organisation_and_loading_it_again_changes_names_only(
    engine: Engine, tmp_path: Path
) -> None:
    writing = engine.execution_options(writes=True)
    with writing.begin() as connection:
        load_organisation(connection, read_organisation(EXAMPLE))
        assert [counter.code for counter in list_counters(connection)] == ["h1-c1", "h1-c2"]
        version = desired_for_counters(connection)["h1-c1"].version
    changed = tmp_path / "changed.toml"
    changed.write_text(EXAMPLE.read_text("utf-8").replace("2号窗口", "绿色通道"), encoding="utf-8")
    with writing.begin() as connection:
        load_organisation(connection, read_organisation(changed))
        assert [counter.name.zh for counter in list_counters(connection)] == ["1号窗口", "绿色通道"]
        assert desired_for_counters(connection)["h1-c1"].version > version
        found = find_organisation(connection)
        assert found is not None
        assert found.promise.en.startswith("Complaints")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "name"),
        ("name = 5", "name"),
        ("[[halls]]\ncode = 1", "code"),
        ('name = {zh = "a", en = "b"}\nhalls = []', "halls"),
        (EXAMPLE.read_text("utf-8").replace('staff = "s-01"', 'staff = "s-99"'), "s-99"),
        (EXAMPLE.read_text("utf-8") + '\nparty = "yes"', "party"),
        ("\x00", "cannot be used"),
    ],
)
def test_a_file_that_describes_no_organisation_is_one_sentence(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "organisation.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OrganisationUnusable, match=what) as caught:
        read_organisation(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OrganisationUnusable, match="cannot be read"):
        read_organisation(tmp_path / "nowhere.toml")
