"""What can happen to a visit: touches of the visitor, time passing, and answers of the shell.

On the wire there are events; what happens on a screen is called a happening to keep the two apart.
"""

from dataclasses import dataclass
from typing import Literal

from huiyin_shared.desired import Desired
from huiyin_shared.survey import FeedbackKind, Language, Level

ContactField = Literal["name", "phone"]
WhyNotKept = Literal["full", "broken"]


@dataclass(frozen=True)
class Configured:
    """The hub's wishes for this device arrived, or were found on disk."""

    desired: Desired


@dataclass(frozen=True)
class Ticked:
    """Time passed; to be sent a few times a second."""


@dataclass(frozen=True)
class LanguageChosen:
    """The visitor wants to read another language."""

    language: Language


@dataclass(frozen=True)
class FaceTapped:
    """A face on the attract screen; `visit` is a fresh random code."""

    level: Level
    visit: str


@dataclass(frozen=True)
class DoorOpened:
    """The second door on the attract screen: feedback in words; `visit` is a fresh random code."""

    visit: str


@dataclass(frozen=True)
class ReasonTapped:
    """A reason was picked, or dropped again."""

    reason: str


@dataclass(frozen=True)
class WriteTapped:
    """The visitor wants to add words to a rating."""


@dataclass(frozen=True)
class KindChosen:
    """Complaint, suggestion, praise or enquiry."""

    kind: FeedbackKind


@dataclass(frozen=True)
class CategoryTapped:
    """A category was picked, or dropped again."""

    code: str


@dataclass(frozen=True)
class CounterTapped:
    """The counter the feedback is about."""

    code: str


@dataclass(frozen=True)
class Typed:
    """Letters from the keyboard on the screen or a real one."""

    text: str


@dataclass(frozen=True)
class PhraseTapped:
    """A ready phrase."""

    text: str


@dataclass(frozen=True)
class Erased:
    """The last letter should go."""


@dataclass(frozen=True)
class ErasedAll:
    """Everything in the field should go."""


@dataclass(frozen=True)
class FieldChosen:
    """The field of the contact form to type into."""

    field: ContactField


@dataclass(frozen=True)
class NextTapped:
    """On to the next step; on the last one this submits."""


@dataclass(frozen=True)
class BackTapped:
    """One step back; what was typed is kept."""


@dataclass(frozen=True)
class AnonymousChosen:
    """Submit without contact."""


@dataclass(frozen=True)
class ContactWished:
    """The visitor wishes an answer and will leave a contact."""


@dataclass(frozen=True)
class LeaveTapped:
    """End the visit; what was typed and not submitted is gone."""


@dataclass(frozen=True)
class ContinueTapped:
    """The visitor is still there."""


@dataclass(frozen=True)
class RetryTapped:
    """Try once more to keep what could not be kept."""


@dataclass(frozen=True)
class Recorded:
    """The shell's answer: the draft is on disk, after COMMIT."""

    receipt: str


@dataclass(frozen=True)
class RecordFailed:
    """The shell's answer: nothing was kept."""

    why: WhyNotKept


Happening = (
    Configured
    | Ticked
    | LanguageChosen
    | FaceTapped
    | DoorOpened
    | ReasonTapped
    | WriteTapped
    | KindChosen
    | CategoryTapped
    | CounterTapped
    | Typed
    | PhraseTapped
    | Erased
    | ErasedAll
    | FieldChosen
    | NextTapped
    | BackTapped
    | AnonymousChosen
    | ContactWished
    | LeaveTapped
    | ContinueTapped
    | RetryTapped
    | Recorded
    | RecordFailed
)

NOT_TOUCHES = (Configured, Ticked, Recorded, RecordFailed)
"""Happenings that do not show that a visitor is there."""
