"""Where a visit stands: one of these screens, and what holds across them."""

from dataclasses import dataclass, field

from huiyin_kiosk.visit.drafts import Draft, FeedbackDraft
from huiyin_kiosk.visit.happenings import ContactField, WhyNotKept
from huiyin_shared.desired import Desired
from huiyin_shared.survey import Language, Level


@dataclass(frozen=True)
class SettingUp:
    """The device does not know yet where it stands."""


@dataclass(frozen=True)
class Attract:
    """Between two visits: five faces and the second door."""


@dataclass(frozen=True)
class Reasons:
    """The rating is on disk; the visitor may say why. Looks the same whatever the rating was."""

    level: Level
    picked: frozenset[str] = frozenset()
    words: str = ""

    @property
    def untouched(self) -> bool:
        """Tell whether leaving now would lose nothing."""
        return not self.picked and not self.words


@dataclass(frozen=True)
class Words:
    """The visitor writes words to a rating."""

    reasons: Reasons


@dataclass(frozen=True)
class Kinds:
    """Behind the second door: which of the four kinds."""


@dataclass(frozen=True)
class About:
    """Which category and which counter the feedback is about."""

    draft: FeedbackDraft


@dataclass(frozen=True)
class Telling:
    """The visitor's own words."""

    draft: FeedbackDraft


@dataclass(frozen=True)
class ContactChoice:
    """Anonymous or with a contact: two ways of equal standing."""

    draft: FeedbackDraft


@dataclass(frozen=True)
class ContactForm:
    """Name and phone; `missing` names a field that cannot be right as it is."""

    draft: FeedbackDraft
    field: ContactField = "phone"
    missing: ContactField | None = None


@dataclass(frozen=True)
class Saving:
    """The shell is putting a draft on disk; `behind` is what the visitor saw when it began."""

    draft: Draft
    behind: "Screen"


@dataclass(frozen=True)
class Thanks:
    """Said only after COMMIT. `receipt` is empty after a rating, which needs none."""

    receipt: str = ""


@dataclass(frozen=True)
class NotKept:
    """Nothing was kept and the visitor is told so; `draft` is still there to try again."""

    why: WhyNotKept
    draft: Draft
    behind: "Screen"


Screen = (
    SettingUp
    | Attract
    | Reasons
    | Words
    | Kinds
    | About
    | Telling
    | ContactChoice
    | ContactForm
    | Saving
    | Thanks
    | NotKept
)


@dataclass(frozen=True)
class Patience:
    """How long the device waits, in milliseconds since the last touch."""

    warn_after_ms: int = 40_000
    warning_ms: int = 15_000
    untouched_ms: int = 20_000
    """A visitor who rates and walks away types nothing: no warning, the next one should find the faces."""

    thanks_ms: int = 6_000
    receipt_ms: int = 25_000
    """Long enough to write a receipt number down."""


@dataclass(frozen=True)
class State:
    """Everything about the present visit. `warned_ms` is when the idle warning came up, None while it is not up."""

    home_language: Language = "zh-Hans"
    patience: Patience = field(default_factory=Patience)
    desired: Desired | None = None
    coming: Desired | None = None
    """A configuration that arrived during a visit: it is taken when the visit is over."""

    language: Language = "zh-Hans"
    screen: Screen = field(default_factory=SettingUp)
    visit: str = ""
    touched_ms: int = 0
    warned_ms: int | None = None

    def seconds_left(self, now_ms: int) -> int:
        """Return whole seconds until everything typed is gone, while the warning is up."""
        if self.warned_ms is None:
            return 0
        return max(0, -(-(self.warned_ms + self.patience.warning_ms - now_ms) // 1000))
