"""The visit machine, told as visits."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiyin_kiosk.samples import sample_states
from huiyin_kiosk.visit.drafts import DetailDraft, FeedbackDraft, RatingDraft, as_event
from huiyin_kiosk.visit.happenings import (
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
from huiyin_kiosk.visit.machine import Record, advance
from huiyin_kiosk.visit.state import (
    About,
    Attract,
    ContactChoice,
    ContactForm,
    Kinds,
    NotKept,
    Reasons,
    Saving,
    SettingUp,
    State,
    Telling,
    Thanks,
    Words,
)
from huiyin_shared.desired import CategoryCard, CounterCard, Desired, StaffCard, Text
from huiyin_shared.events import Feedback, Reading, decode_event, encode_event
from huiyin_shared.survey import FEEDBACK_KINDS, LEVELS, REASONS

AT = Reading(boot="b", mono_ms=1, wall_ms=1)


def desired(version: int = 1) -> Desired:
    def text(word: str) -> Text:
        return Text(zh=word, en=word)

    return Desired(
        version=version,
        organisation=text("电力公司"),
        hall=text("城东营业厅"),
        counter="c1",
        counters=[
            CounterCard("c1", text("1号窗口"), StaffCard("s1", text("王敏"))),
            CounterCard("c2", text("2号窗口"), StaffCard("s2", text("李强"))),
            CounterCard("c3", text("3号窗口")),
        ],
        categories=[CategoryCard("attitude", text("服务态度")), CategoryCard("fees", text("收费"))],
    )


class Visitor:
    """Stands before a machine, touches it, and waits; a disk that works answers at once unless told otherwise."""

    def __init__(self, *, disk: str = "works") -> None:
        self.state = State()
        self.now_ms = 1_000
        self.disk = disk
        self.kept: list[object] = []
        self.does(Configured(desired()))

    def does(self, *happenings: Happening) -> "Visitor":
        for happening in happenings:
            self.now_ms += 100
            self.state, effects = advance(self.state, happening, self.now_ms)
            for record in effects:
                assert isinstance(record, Record)
                if self.disk == "works":
                    self.kept.append(record.draft)
                    self.does(Recorded(f"R-{len(self.kept)}"))
                elif self.disk == "full":
                    self.does(RecordFailed("full"))
        return self

    def waits(self, seconds: float) -> "Visitor":
        end_ms = self.now_ms + int(seconds * 1000)
        while self.now_ms < end_ms:
            self.now_ms = min(end_ms, self.now_ms + 250)
            self.state, effects = advance(self.state, Ticked(), self.now_ms)
            assert effects == ()
        return self

    @property
    def screen(self) -> object:
        return self.state.screen


def test_a_device_without_configuration_says_it_is_being_set_up_and_takes_no_touch() -> None:
    state, effects = advance(State(), FaceTapped(5, "v"), 1)
    assert (state.screen, effects) == (SettingUp(), ())


def test_one_tap_is_a_rating_recorded_at_once() -> None:
    visitor = Visitor().does(FaceTapped(4, "v1"))
    assert visitor.kept == [RatingDraft("v1", "c1", "s1", 4, "zh-Hans")]
    assert visitor.screen == Reasons(4)


def test_nobody_is_thanked_before_the_disk_has_answered() -> None:
    visitor = Visitor(disk="silent").does(FaceTapped(5, "v"))
    assert isinstance(visitor.screen, Saving)
    visitor.waits(600).does(NextTapped(), LeaveTapped(), FaceTapped(1, "w"), LanguageChosen("en"))
    assert visitor.screen == Saving(RatingDraft("v", "c1", "s1", 5, "zh-Hans"), Attract())
    visitor.does(Recorded("R"))
    assert visitor.screen == Reasons(5)


def test_a_second_finger_on_another_face_does_not_count() -> None:
    visitor = Visitor(disk="silent").does(FaceTapped(5, "v"), FaceTapped(1, "w"))
    assert visitor.screen == Saving(RatingDraft("v", "c1", "s1", 5, "zh-Hans"), Attract())


def test_reasons_and_words_follow_as_a_second_event_of_the_same_visit() -> None:
    visitor = Visitor().does(FaceTapped(2, "v"), ReasonTapped("queue"), ReasonTapped("place"), ReasonTapped("attitude"))
    visitor.does(ReasonTapped("place"), WriteTapped(), Typed("too"), Typed(" slow"), NextTapped(), NextTapped())
    assert visitor.kept[1:] == [DetailDraft("v", "c1", "s1", 2, ("attitude", "queue"), "too slow")]
    assert visitor.screen == Thanks()


def test_who_gives_no_reason_is_thanked_without_a_second_event() -> None:
    visitor = Visitor().does(FaceTapped(3, "v"), NextTapped())
    assert visitor.screen == Thanks()
    assert len(visitor.kept) == 1
    assert visitor.waits(7).screen == Attract()


@pytest.mark.parametrize("level", LEVELS)
def test_every_rating_is_followed_by_the_same_screen(level: int) -> None:
    visitor = Visitor().does(FaceTapped(level, "v"))  # type: ignore[arg-type]
    assert replace(visitor.screen, level=5) == Reasons(5)  # type: ignore[type-var]


def complaint(visitor: Visitor) -> Visitor:
    return visitor.does(
        DoorOpened("v"),
        KindChosen("complaint"),
        CategoryTapped("fees"),
        CounterTapped("c2"),
        NextTapped(),
        PhraseTapped("收费不合理"),
        PhraseTapped("等了很久"),
        NextTapped(),
    )


def test_an_anonymous_complaint_goes_the_whole_way_and_ends_with_its_receipt_number() -> None:
    visitor = complaint(Visitor())
    assert isinstance(visitor.screen, ContactChoice)
    visitor.does(AnonymousChosen())
    draft = FeedbackDraft("v", "complaint", "c2", "s2", "zh-Hans", "fees", "收费不合理，等了很久")
    assert visitor.kept == [draft]
    assert visitor.screen == Thanks("R-1")
    event = as_event(draft, AT)
    assert decode_event(encode_event(event)) == event
    assert isinstance(event, Feedback)
    assert event.contact is None


def test_a_contact_is_recorded_only_when_it_can_be_called() -> None:
    visitor = complaint(Visitor()).does(ContactWished(), Typed("13x9"), NextTapped())
    assert visitor.kept == []
    assert isinstance(visitor.screen, ContactForm)
    assert visitor.screen.missing == "phone"
    visitor.does(Typed("１２345"), FieldChosen("name"), Typed("王"), PhraseTapped("女士"), NextTapped())
    (draft,) = visitor.kept
    assert isinstance(draft, FeedbackDraft)
    assert (draft.name, draft.phone) == ("王女士", "13912345")


def test_anonymous_means_anonymous_even_after_a_number_was_typed() -> None:
    visitor = complaint(Visitor()).does(ContactWished(), Typed("13912345678"), BackTapped(), AnonymousChosen())
    (draft,) = visitor.kept
    event = as_event(draft, AT)  # type: ignore[arg-type]
    assert isinstance(event, Feedback)
    assert event.contact is None


def test_feedback_that_says_nothing_cannot_be_sent() -> None:
    visitor = Visitor().does(DoorOpened("v"), KindChosen("praise"), NextTapped(), Typed("  "), NextTapped())
    assert isinstance(visitor.screen, Telling)
    assert isinstance(visitor.does(Typed("谢谢"), NextTapped()).screen, ContactChoice)


def test_going_back_keeps_what_was_typed() -> None:
    visitor = complaint(Visitor()).does(BackTapped(), BackTapped(), NextTapped())
    assert isinstance(visitor.screen, Telling)
    assert visitor.screen.draft.text == "收费不合理，等了很久"


def test_a_full_disk_is_told_to_the_visitor_and_nothing_is_thanked() -> None:
    visitor = Visitor(disk="full").does(FaceTapped(5, "v"))
    assert isinstance(visitor.screen, NotKept)
    assert visitor.screen.why == "full"
    visitor.disk = "works"
    assert visitor.does(RetryTapped()).screen == Reasons(5)
    assert visitor.kept == [RatingDraft("v", "c1", "s1", 5, "zh-Hans")]


def test_leaving_a_complaint_that_could_not_be_kept_forgets_it() -> None:
    visitor = complaint(Visitor(disk="full")).does(AnonymousChosen(), LeaveTapped())
    assert visitor.state == replace(State(), desired=desired(), screen=Attract(), touched_ms=visitor.now_ms)


def test_who_walks_away_is_warned_and_then_everything_typed_is_gone() -> None:
    visitor = Visitor().does(
        LanguageChosen("en"), DoorOpened("v"), KindChosen("complaint"), NextTapped(), Typed("secret")
    )
    visitor.waits(39)
    assert visitor.state.warned_ms is None
    visitor.waits(2)
    assert visitor.state.seconds_left(visitor.now_ms) == 14
    visitor.waits(16)
    assert visitor.screen == Attract()
    assert visitor.state.language == "zh-Hans"
    assert "secret" not in repr(visitor.state)


def test_who_is_still_there_goes_on_where_they_were() -> None:
    visitor = Visitor().does(DoorOpened("v"), KindChosen("enquiry"), NextTapped(), Typed("hi")).waits(45)
    before = visitor.screen
    assert visitor.does(ContinueTapped()).screen == before
    assert visitor.state.warned_ms is None
    assert visitor.waits(39).state.warned_ms is None


def test_a_touch_through_the_warning_only_wakes_the_visit() -> None:
    visitor = Visitor().does(DoorOpened("v"), KindChosen("enquiry"), NextTapped(), Typed("hi")).waits(45)
    assert visitor.does(Typed("x")).screen == visitor.screen
    assert isinstance(visitor.screen, Telling)
    assert visitor.screen.draft.text == "hi"


def test_a_rating_walked_away_from_leaves_the_faces_for_the_next_visitor() -> None:
    assert Visitor().does(FaceTapped(1, "v")).waits(21).screen == Attract()


def test_a_receipt_number_stays_long_enough_to_be_written_down() -> None:
    visitor = complaint(Visitor()).does(AnonymousChosen()).waits(24)
    assert visitor.screen == Thanks("R-1")
    assert visitor.waits(2).screen == Attract()


def test_a_configuration_waits_for_the_end_of_the_visit() -> None:
    visitor = Visitor().does(DoorOpened("v"), KindChosen("praise"), Configured(desired(2)))
    assert isinstance(visitor.screen, About)
    assert visitor.state.desired == desired(1)
    assert visitor.does(LeaveTapped()).state.desired == desired(2)
    assert visitor.does(Configured(desired(3))).state.desired == desired(3)


def test_words_end_at_their_limit_whatever_arrives() -> None:
    visitor = Visitor().does(DoorOpened("v"), KindChosen("praise"), NextTapped(), Typed("长" * 100_000))
    visitor.does(PhraseTapped("再长一点"))
    assert isinstance(visitor.screen, Telling)
    assert len(visitor.screen.draft.text) == 2_000
    encode_event(as_event(visitor.screen.draft, AT))


@pytest.mark.parametrize(
    ("typed", "stays"),
    [("a\u202eb\u2066", "ab"), ("[b]x[/b]", "[b]x[/b]"), ("\x00\x1b\n", ""), ("\ud800", ""), ("👍🏽", "👍🏽")],
)
def test_what_cannot_be_seen_does_not_get_in(typed: str, stays: str) -> None:
    visitor = Visitor().does(DoorOpened("v"), KindChosen("praise"), NextTapped(), Typed(typed))
    assert isinstance(visitor.screen, Telling)
    assert visitor.screen.draft.text == stays


def test_erasing_takes_a_letter_with_its_marks() -> None:
    visitor = Visitor().does(DoorOpened("v"), KindChosen("praise"), NextTapped(), Typed("好e\u0301"), Erased())
    assert isinstance(visitor.screen, Telling)
    assert visitor.screen.draft.text == "好"
    assert visitor.does(Typed("x"), ErasedAll(), Erased()).screen == replace(
        visitor.screen, draft=replace(visitor.screen.draft, text="")
    )


_touches = st.one_of(
    st.sampled_from(LEVELS).map(lambda level: FaceTapped(level, "v")),
    st.sampled_from([DoorOpened("v"), WriteTapped(), NextTapped(), BackTapped(), LeaveTapped(), ContinueTapped()]),
    st.sampled_from([AnonymousChosen(), ContactWished(), RetryTapped(), Erased(), ErasedAll(), Ticked()]),
    st.sampled_from(FEEDBACK_KINDS).map(KindChosen),
    st.sampled_from([*REASONS, "nonsense"]).map(ReasonTapped),
    st.sampled_from(["attitude", "nonsense"]).map(CategoryTapped),
    st.sampled_from(["c2", "c3", "nonsense"]).map(CounterTapped),
    st.text(max_size=30).map(Typed),
    st.text(max_size=30).map(PhraseTapped),
    st.sampled_from(["name", "phone"]).map(FieldChosen),  # type: ignore[arg-type]
    st.sampled_from(["zh-Hans", "en"]).map(LanguageChosen),  # type: ignore[arg-type]
    st.integers(1, 9).map(lambda version: Configured(desired(version))),
    st.sampled_from([NextTapped(), AnonymousChosen()]),  # the ways to submit, twice as often
    st.just(Recorded("R")),
    st.sampled_from(["full", "broken"]).map(RecordFailed),  # type: ignore[arg-type]
)


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(sample_states("zh-Hans"))),
    st.lists(st.tuples(_touches, st.integers(0, 20_000)), max_size=40),
)
def test_whatever_is_touched_thanks_follow_only_recorded_and_drafts_can_be_sent(
    beginning: str, happenings: list[tuple[Happening, int]]
) -> None:
    state = replace(sample_states("zh-Hans")[beginning], desired=desired())
    now_ms = 0
    waiting = None
    kept_in_visit = isinstance(state.screen, Thanks | Reasons | Words)
    for happening, pause_ms in happenings:
        now_ms += pause_ms
        before = state
        state, effects = advance(state, happening, now_ms)
        if isinstance(happening, Recorded) and isinstance(before.screen, Saving):
            kept_in_visit = True
        if isinstance(state.screen, Attract):
            kept_in_visit = False
            assert state.visit == ""
        assert (waiting is None) == (not isinstance(before.screen, Saving))
        for record in effects:
            assert isinstance(state.screen, Saving)
            encode_event(as_event(record.draft, AT))
        waiting = state.screen if isinstance(state.screen, Saving) else None
        if isinstance(state.screen, Thanks | Reasons | Words):
            assert kept_in_visit


@given(st.lists(_touches, max_size=40))
def test_every_visit_ends_by_itself_with_nothing_left(happenings: list[Happening]) -> None:
    visitor = Visitor()
    for happening in happenings:
        visitor.does(happening)
    visitor.waits(70)
    wanted = replace(State(), desired=visitor.state.desired, screen=Attract(), touched_ms=visitor.state.touched_ms)
    assert visitor.state == wanted


def test_kinds_can_be_left_by_going_back() -> None:
    visitor = Visitor().does(DoorOpened("v"))
    assert visitor.screen == Kinds()
    assert visitor.does(BackTapped()).screen == Attract()
