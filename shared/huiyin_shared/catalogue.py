"""Message catalogues: every text a person sees comes from a Fluent file, in Simplified Chinese and English.

Each unit keeps its own `messages/<language>.ftl` and opens them here. Missing ids are an error, not an empty label.
"""

from functools import cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

from huiyin_shared.errors import HuiyinError
from huiyin_shared.survey import LANGUAGES, Language


class MissingMessage(HuiyinError, KeyError):
    """A message id is not in the catalogue of a language."""

    def __init__(self, language: str, message_id: str) -> None:
        super().__init__(f"no message {message_id!r} in {language}")
        self.language = language
        self.message_id = message_id


class Catalogue:
    """The texts of one language: call it with a message id and its values."""

    def __init__(self, language: Language, folders: tuple[Path, ...]) -> None:
        self.language = language
        # Isolation marks around values are invisible on paper, but fonts without a glyph for them draw boxes.
        self._bundle = FluentBundle([language], use_isolating=False)
        for folder in folders:
            source = (folder / f"{language}.ftl").read_text(encoding="utf-8")
            self._bundle.add_resource(FluentResource(source))
        self._texts: dict[str, str] = {}

    def __call__(self, message_id: str, **values: str | int | float) -> str:
        """Return the text of `message_id`. Raises `MissingMessage`."""
        if not values and message_id in self._texts:
            return self._texts[message_id]
        if not self._bundle.has_message(message_id):
            raise MissingMessage(self.language, message_id)
        pattern = self._bundle.get_message(message_id).value
        if pattern is None:
            raise MissingMessage(self.language, message_id)
        text, errors = self._bundle.format_pattern(pattern, values)
        if errors:
            raise MissingMessage(self.language, f"{message_id} ({errors[0]})")
        if not values:
            self._texts[message_id] = str(text)
        return str(text)

    def has(self, message_id: str) -> bool:
        """Tell whether the catalogue knows a message id."""
        return self._bundle.has_message(message_id)


@cache
def open_catalogues(*folders: Path) -> dict[str, Catalogue]:
    """Return a catalogue for each language, read from the `.ftl` files of `folders`."""
    return {language: Catalogue(language, folders) for language in LANGUAGES}


SHARED_MESSAGES = Path(__file__).parent / "messages"
"""Words both the kiosk and the hub say: levels, reasons, kinds."""
