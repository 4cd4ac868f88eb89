"""Message catalogues are complete in both languages and say so when they are not."""

from pathlib import Path

import pytest

from huiyin_shared.catalogue import SHARED_MESSAGES, MissingMessage, open_catalogues
from huiyin_shared.survey import FEEDBACK_KINDS, LANGUAGES, LEVELS, REASONS, tone


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_survey_has_a_text(language: str) -> None:
    say = open_catalogues(SHARED_MESSAGES)[language]
    for level in LEVELS:
        assert say(f"level-{level}")
        for reason in REASONS:
            assert say(f"reason-{reason}-{tone(level)}")
            assert say(f"reason-{reason}")
    for kind in FEEDBACK_KINDS:
        assert say(f"kind-{kind}")


def test_a_missing_text_is_an_error_and_not_an_empty_label(tmp_path: Path) -> None:
    for language in LANGUAGES:
        (tmp_path / f"{language}.ftl").write_text("hello = { $name }!\n", encoding="utf-8")
    say = open_catalogues(tmp_path)["en"]
    assert say("hello", name="Li") == "Li!"
    with pytest.raises(MissingMessage):
        say("goodbye")
    with pytest.raises(MissingMessage):
        say("hello")
