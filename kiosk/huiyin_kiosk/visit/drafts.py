"""What a visit wants recorded, before the shell adds the device's clocks."""

from dataclasses import dataclass

from huiyin_shared.events import Contact, Event, Feedback, Rating, RatingDetail, Reading
from huiyin_shared.survey import FeedbackKind, Language, Level


@dataclass(frozen=True)
class RatingDraft:
    """A tap on a face."""

    visit: str
    counter: str
    staff: str
    level: Level
    language: Language


@dataclass(frozen=True)
class DetailDraft:
    """Reasons and words after the tap."""

    visit: str
    counter: str
    staff: str
    level: Level
    reasons: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class FeedbackDraft:
    """A complaint, suggestion, praise or enquiry while the visitor is still at it."""

    visit: str
    kind: FeedbackKind
    counter: str
    staff: str
    language: Language
    category: str = ""
    text: str = ""
    name: str = ""
    phone: str = ""

    @property
    def says_something(self) -> bool:
        """Tell whether the office would learn anything from it: a category or words."""
        return bool(self.category or self.text.strip())


Draft = RatingDraft | DetailDraft | FeedbackDraft


def as_event(draft: Draft, at: Reading) -> Event:
    """Return the event of a draft that happened at `at`."""
    match draft:
        case RatingDraft():
            return Rating(
                at=at,
                visit=draft.visit,
                counter=draft.counter,
                level=draft.level,
                staff=draft.staff,
                source="touch",
                lang=draft.language,
            )
        case DetailDraft():
            return RatingDetail(
                at=at,
                visit=draft.visit,
                counter=draft.counter,
                level=draft.level,
                reasons=list(draft.reasons),
                words=draft.words.strip(),
                staff=draft.staff,
            )
        case FeedbackDraft():
            name, phone = draft.name.strip(), draft.phone.strip()
            return Feedback(
                at=at,
                visit=draft.visit,
                kind=draft.kind,
                counter=draft.counter,
                category=draft.category,
                text=draft.text.strip(),
                staff=draft.staff,
                contact=Contact(name=name, phone=phone) if name or phone else None,
                lang=draft.language,
            )
