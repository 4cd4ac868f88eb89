"""The visit machine: `advance(state, happening, now_ms)` gives the next state and what the shell must do.

What does not fit the present screen (a second finger, a late touch) changes nothing. 谢谢 stands only on screens that
are reached by `Recorded`.
"""

from dataclasses import dataclass, replace

from huiyin_kiosk.visit import writing
from huiyin_kiosk.visit.drafts import DetailDraft, Draft, FeedbackDraft, RatingDraft
from huiyin_kiosk.visit.happenings import (
    NOT_TOUCHES,
    AnonymousChosen,
    BackTapped,
    CategoryTapped,
    Configured,
    ContactWished,
    ContinueTapped,
    CounterTapped,
    DoorOpened,
    Erased,
    ErasedAll,
    FaceTapped,
    FieldChosen,
    Happening,
    KindChosen,
    LanguageChosen,
    LeaveTapped,
    NextTapped,
    PhraseTapped,
    ReasonTapped,
    Recorded,
    RecordFailed,
    RetryTapped,
    Ticked,
    Typed,
    WriteTapped,
)
from huiyin_kiosk.visit.idle import after_a_while, back_to_attract
from huiyin_kiosk.visit.state import (
    About,
    Attract,
    ContactChoice,
    ContactForm,
    Kinds,
    NotKept,
    Reasons,
    Saving,
    Screen,
    SettingUp,
    State,
    Telling,
    Thanks,
    Words,
)
from huiyin_shared.desired import CounterCard, Desired
from huiyin_shared.events import MAX_TEXT_CHARS, MAX_WORDS_CHARS
from huiyin_shared.survey import REASONS


@dataclass(frozen=True)
class Record:
    """Put this draft on disk, then answer with `Recorded` or `RecordFailed`."""

    draft: Draft


Effects = tuple[Record, ...]
Outcome = tuple[State, Effects]


def advance(state: State, happening: Happening, now_ms: int) -> Outcome:
    """Return the state after `happening`, and the effects. `now_ms` is a monotonic clock."""
    match happening, state.screen:
        case Ticked(), _:
            return after_a_while(state, now_ms), ()
        case Configured(desired), SettingUp() | Attract():
            return replace(state, desired=desired, coming=None, screen=Attract()), ()
        case Configured(desired), _:
            return replace(state, coming=desired), ()
        case Recorded(receipt), Saving(draft=draft):
            return _kept(state, draft, receipt, now_ms), ()
        case RecordFailed(why), Saving(draft=draft, behind=behind):
            return replace(state, screen=NotKept(why, draft, behind), touched_ms=now_ms), ()
    if isinstance(happening, NOT_TOUCHES) or isinstance(state.screen, SettingUp | Saving):
        return state, ()
    # A touch that comes while the warning is up only says that somebody is there, unless it says good-bye.
    warned = state.warned_ms is not None
    state = replace(state, touched_ms=now_ms, warned_ms=None)
    if isinstance(happening, LeaveTapped):
        return (state, ()) if isinstance(state.screen, Attract) else (back_to_attract(state, now_ms), ())
    if warned or isinstance(happening, ContinueTapped):
        return state, ()
    if isinstance(happening, LanguageChosen):
        return _in_language(state, happening), ()
    return _touched(state, happening, now_ms)


def _touched(state: State, happening: Happening, now_ms: int) -> Outcome:
    match state.screen:
        case Attract():
            return _on_attract(state, happening)
        case Reasons() as reasons:
            return _on_reasons(state, reasons, happening, now_ms)
        case Words(reasons):
            return _on_words(state, reasons, happening), ()
        case Kinds():
            return _on_kinds(state, happening, now_ms), ()
        case About(draft):
            return _on_about(state, draft, happening), ()
        case Telling(draft):
            return _on_telling(state, draft, happening), ()
        case ContactChoice(draft):
            return _on_contact_choice(state, draft, happening)
        case ContactForm() as form:
            return _on_contact_form(state, form, happening)
        case Thanks() if isinstance(happening, NextTapped):
            return back_to_attract(state, now_ms), ()
        case NotKept(draft=draft, behind=behind):
            return _on_not_kept(state, draft, behind, happening)
    return state, ()


def _on_attract(state: State, happening: Happening) -> Outcome:
    desired = _desired(state)
    match happening:
        case FaceTapped(level, visit):
            own = desired.own_counter()
            draft = RatingDraft(visit, own.code, _staff_at(own), level, state.language)
            return _save(replace(state, visit=visit), draft)
        case DoorOpened(visit):
            return replace(state, visit=visit, screen=Kinds()), ()
    return state, ()


def _on_reasons(state: State, reasons: Reasons, happening: Happening, now_ms: int) -> Outcome:
    match happening:
        case ReasonTapped(reason) if reason in REASONS:
            return replace(state, screen=replace(reasons, picked=reasons.picked ^ {reason})), ()
        case WriteTapped():
            return replace(state, screen=Words(reasons)), ()
        case NextTapped() if not reasons.picked and not reasons.words.strip():
            return replace(state, screen=Thanks()), ()
        case NextTapped():
            own = _desired(state).own_counter()
            picked = tuple(reason for reason in REASONS if reason in reasons.picked)
            return _save(
                state, DetailDraft(state.visit, own.code, _staff_at(own), reasons.level, picked, reasons.words)
            )
    return state, ()


def _on_words(state: State, reasons: Reasons, happening: Happening) -> State:
    words = _written(reasons.words, happening, limit=MAX_WORDS_CHARS)
    if words is not None:
        return replace(state, screen=Words(replace(reasons, words=words)))
    if isinstance(happening, BackTapped | NextTapped):
        return replace(state, screen=reasons)
    return state


def _on_kinds(state: State, happening: Happening, now_ms: int) -> State:
    match happening:
        case KindChosen(kind):
            own = _desired(state).own_counter()
            draft = FeedbackDraft(state.visit, kind, own.code, _staff_at(own), state.language)
            return replace(state, screen=About(draft))
        case BackTapped():
            return back_to_attract(state, now_ms)
    return state


def _on_about(state: State, draft: FeedbackDraft, happening: Happening) -> State:
    desired = _desired(state)
    match happening:
        case CategoryTapped(code) if any(card.code == code for card in desired.categories):
            return replace(state, screen=About(replace(draft, category="" if code == draft.category else code)))
        case CounterTapped(code):
            card = next((card for card in desired.counters if card.code == code), None)
            if card is not None:
                return replace(state, screen=About(replace(draft, counter=card.code, staff=_staff_at(card))))
        case NextTapped():
            return replace(state, screen=Telling(draft))
        case BackTapped():
            return replace(state, screen=Kinds())
    return state


def _on_telling(state: State, draft: FeedbackDraft, happening: Happening) -> State:
    text = _written(draft.text, happening, limit=MAX_TEXT_CHARS)
    if text is not None:
        return replace(state, screen=Telling(replace(draft, text=text)))
    match happening:
        case NextTapped() if draft.says_something:
            return replace(state, screen=ContactChoice(draft))
        case BackTapped():
            return replace(state, screen=About(draft))
    return state


def _on_contact_choice(state: State, draft: FeedbackDraft, happening: Happening) -> Outcome:
    match happening:
        case AnonymousChosen():
            return _save(state, replace(draft, name="", phone=""))
        case ContactWished():
            return replace(state, screen=ContactForm(draft)), ()
        case BackTapped():
            return replace(state, screen=Telling(draft)), ()
    return state, ()


def _on_contact_form(state: State, form: ContactForm, happening: Happening) -> Outcome:
    draft = form.draft
    if form.field == "name":
        name = _written(draft.name, happening, limit=writing.MAX_NAME_CHARS, joined=True)
        grown = None if name is None else replace(draft, name=name)
    else:
        phone = _dialled(draft.phone, happening)
        grown = None if phone is None else replace(draft, phone=phone)
    if grown is not None:
        return replace(state, screen=replace(form, draft=grown, missing=None)), ()
    match happening:
        case FieldChosen(field):
            return replace(state, screen=replace(form, field=field)), ()
        case NextTapped() if not writing.can_be_called(draft.phone):
            return replace(state, screen=replace(form, field="phone", missing="phone")), ()
        case NextTapped():
            return _save(state, draft)
        case BackTapped():
            return replace(state, screen=ContactChoice(draft)), ()
    return state, ()


def _on_not_kept(state: State, draft: Draft, behind: Screen, happening: Happening) -> Outcome:
    if isinstance(happening, RetryTapped):
        return replace(state, screen=Saving(draft, behind)), (Record(draft),)
    return state, ()


def _save(state: State, draft: Draft) -> Outcome:
    return replace(state, screen=Saving(draft, state.screen)), (Record(draft),)


def _kept(state: State, draft: Draft, receipt: str, now_ms: int) -> State:
    match draft:
        case RatingDraft():
            screen: Screen = Reasons(draft.level)
        case DetailDraft():
            screen = Thanks()
        case FeedbackDraft():
            screen = Thanks(receipt)
    return replace(state, screen=screen, touched_ms=now_ms)


def _in_language(state: State, happening: LanguageChosen) -> State:
    screen = state.screen
    if isinstance(screen, About | Telling | ContactChoice | ContactForm):
        screen = replace(screen, draft=replace(screen.draft, language=happening.language))
    return replace(state, language=happening.language, screen=screen)


def _written(text: str, happening: Happening, *, limit: int, joined: bool = False) -> str | None:
    """Return the text after a happening of writing, None for any other. `joined`: phrases follow without a comma."""
    match happening:
        case Typed(more):
            return writing.with_typed(text, more, limit=limit)
        case PhraseTapped(phrase):
            return (
                writing.with_typed(text, phrase, limit=limit)
                if joined
                else writing.with_phrase(text, phrase, limit=limit)
            )
        case Erased():
            return writing.without_last(text)
        case ErasedAll():
            return ""
    return None


def _dialled(phone: str, happening: Happening) -> str | None:
    match happening:
        case Typed(more):
            return writing.with_phone_typed(phone, more)
        case Erased():
            return phone[:-1]
        case ErasedAll():
            return ""
    return None


def _staff_at(card: CounterCard) -> str:
    return card.staff.code if card.staff else ""


def _desired(state: State) -> Desired:
    """Return the configuration; screens of a visit are only reached with one."""
    if state.desired is None:
        raise AssertionError("a visit began without a configuration")
    return state.desired
