"""The colours, each pair of text and ground with a contrast of at least 4.5 (WCAG 2.2; a test computes it)."""

from typing import NamedTuple


class Colour(NamedTuple):
    """Red, green, blue and opacity, 0…1."""

    red: float
    green: float
    blue: float
    opacity: float = 1.0

    def faded(self, opacity: float) -> "Colour":
        """Return the colour with another opacity."""
        return self._replace(opacity=opacity)


def _hex(code: str) -> Colour:
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return Colour(red, green, blue)


PAPER = _hex("F3F1EB")
CARD = _hex("FFFFFF")
INK = _hex("15262D")
QUIET = _hex("4B5B62")
HINT = _hex("66757B")
LINE = _hex("D5D6CF")
BRAND = _hex("0B5563")
BRAND_DEEP = _hex("08414C")
BRAND_SOFT = _hex("DDEBEB")
ON_BRAND = _hex("FFFFFF")
ON_BRAND_QUIET = _hex("CFE3E5")
ALARM = _hex("A8321C")
ALARM_SOFT = _hex("F8E4DE")
SHADE = Colour(0.04, 0.12, 0.15, 0.62)
SHADOW = Colour(0.08, 0.15, 0.18, 0.10)
DISABLED = _hex("E3E2DC")
ON_DISABLED = _hex("555F64")
WHITE = CARD

FACE_SKINS = {5: _hex("3FAE7C"), 4: _hex("9CC653"), 3: _hex("F4C650"), 2: _hex("F0995A"), 1: _hex("E2705F")}
FACE_INK = _hex("2B2117")
KIND_SKINS = {
    "complaint": _hex("A8421F"),
    "suggestion": _hex("8A5A00"),
    "praise": _hex("1F7A4D"),
    "enquiry": _hex("1D5C93"),
}

TEXT_PAIRS = (
    (INK, PAPER),
    (INK, CARD),
    (QUIET, PAPER),
    (QUIET, CARD),
    (HINT, CARD),
    (BRAND, CARD),
    (BRAND, PAPER),
    (BRAND_DEEP, BRAND_SOFT),
    (INK, BRAND_SOFT),
    (ON_BRAND, BRAND),
    (ON_BRAND, BRAND_DEEP),
    (ON_BRAND_QUIET, BRAND),
    (ALARM, ALARM_SOFT),
    (ALARM, PAPER),
    (ON_DISABLED, DISABLED),
    (INK, LINE),
)
"""What stands on what, for the test of contrast."""


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two opaque colours (WCAG 2.2, 1…21)."""

    def luminance(colour: Colour) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
