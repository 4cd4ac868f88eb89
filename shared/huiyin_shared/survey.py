"""The survey every unit knows: five levels, reasons that fit a level, kinds of feedback.

Levels follow the five of GB/T 39734-2020; here 5 is 非常满意 and 1 is 非常不满意. Exports map their own codes.
"""

from typing import Literal, get_args

Level = Literal[1, 2, 3, 4, 5]
LEVELS: tuple[Level, ...] = (5, 4, 3, 2, 1)
"""Best first, as they stand on the screen."""

BAD_LEVELS: tuple[Level, ...] = (2, 1)
"""差评: the bottom two of five."""

FeedbackKind = Literal["complaint", "suggestion", "praise", "enquiry"]
FEEDBACK_KINDS: tuple[FeedbackKind, ...] = get_args(FeedbackKind)

RatingSource = Literal["touch", "button"]
Language = Literal["zh-Hans", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# The same six touchpoints for every level: which words stand on the button is the catalogue's matter
# (reason-<code>-good, reason-<code>-fair, reason-<code>-bad), so nobody nearby can tell the rating from the layout.
REASONS: tuple[str, ...] = ("attitude", "speed", "skill", "clarity", "queue", "place")

Tone = Literal["good", "fair", "bad"]


def tone(level: Level) -> Tone:
    """Return which wording of the reasons fits a level."""
    return "good" if level >= 4 else "fair" if level == 3 else "bad"
