"""When something happened, told from clocks that may be wrong: the truth is always within the error that is named."""

from dataclasses import dataclass, field
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from huiyin_hub.ingest.timekeeping import (
    DRIFT_PPM,
    FLOOR_MS,
    SYNCED_ERROR_MS,
    TRANSIT_ERROR_MS,
    Dating,
    Knowledge,
    date_events,
    drift_ms,
    present_anchor,
)
from huiyin_shared.events import Reading
from huiyin_shared.frames import Anchor

RECEIVED_MS = 1_760_000_000_000
DAY_MS = 86_400_000
TEN_YEARS_MS = 3_650 * DAY_MS


def at(boot: str, mono_ms: int, wall_ms: int = 0, clock: str = "unsynced") -> Reading:
    return Reading(boot=boot, mono_ms=mono_ms, wall_ms=wall_ms, clock=clock)  # type: ignore[arg-type]


def anchor(boot: str, mono_ms: int, hub_ms: int, error_ms: int = 40) -> Anchor:
    return Anchor(boot=boot, mono_ms=mono_ms, hub_ms=hub_ms, error_ms=error_ms)


def knowing(sent: Reading, *told: Anchor, not_before_ms: int = 0) -> Knowledge:
    mine = next((one for one in told if one.boot == sent.boot), None)
    present = present_anchor(sent, RECEIVED_MS, mine)
    return Knowledge(sent, RECEIVED_MS, {one.boot: one for one in (*told, present)}, not_before_ms)


def date(*readings: Reading | None, known: Knowledge) -> list[Dating]:
    return date_events(readings, known)[0]


def test_in_the_boot_that_sent_the_devices_anchor_dates_to_the_millisecond() -> None:
    known = knowing(at("a", 61_000), anchor("a", 60_000, RECEIVED_MS - 1_500, 40))
    (dating,) = date(at("a", 1_000, wall_ms=-5), known=known)
    assert dating == Dating(RECEIVED_MS - 60_500, 40 + drift_ms(59_000), "exact")


def test_an_anchor_says_less_the_longer_ago_it_was_learnt_in_either_direction() -> None:
    assert drift_ms(1_000_000_000) == drift_ms(-1_000_000_000) == 1_000 * DRIFT_PPM + 1


def test_without_an_anchor_the_moment_of_arrival_is_one_with_the_journeys_doubt() -> None:
    event, sent = at("a", 1_000, wall_ms=0), at("a", 61_000, wall_ms=-5)
    assert present_anchor(sent, RECEIVED_MS, None) == anchor("a", 61_000, RECEIVED_MS, TRANSIT_ERROR_MS)
    (dating,) = date(event, known=knowing(sent))
    assert dating == Dating(RECEIVED_MS - 60_000, TRANSIT_ERROR_MS + drift_ms(60_000), "exact")


def test_an_anchor_that_puts_the_sending_into_the_hubs_future_is_not_believed() -> None:
    sent = at("a", 61_000)
    just = anchor("a", 60_000, RECEIVED_MS - 1_000 + 41, 40)
    assert present_anchor(sent, RECEIVED_MS, just) == just
    beyond = anchor("a", 60_000, RECEIVED_MS - 1_000 + 42, 40)
    assert present_anchor(sent, RECEIVED_MS, beyond) == anchor("a", 61_000, RECEIVED_MS, TRANSIT_ERROR_MS)


def test_an_anchor_of_another_boot_says_nothing_of_the_one_that_sent() -> None:
    sent = at("b", 100)
    assert present_anchor(sent, RECEIVED_MS, anchor("a", 60_000, RECEIVED_MS - 5_000)).error_ms == TRANSIT_ERROR_MS


def test_an_earlier_boot_whose_anchor_was_told_is_exact() -> None:
    known = knowing(at("b", 500), anchor("a", 5_000, RECEIVED_MS - DAY_MS, 30))
    (dating,) = date(at("a", 1_000, wall_ms=0), known=known)
    assert dating == Dating(RECEIVED_MS - DAY_MS - 4_000, 30 + drift_ms(4_000), "exact")


def test_in_an_earlier_boot_a_synced_clock_is_believed() -> None:
    event = at("a", 1_000, RECEIVED_MS - 5 * DAY_MS, "synced")
    (dating,) = date(event, known=knowing(at("b", 500)))
    assert dating == Dating(RECEIVED_MS - 5 * DAY_MS, SYNCED_ERROR_MS, "exact")


def test_a_synced_clock_that_says_the_impossible_is_not_believed() -> None:
    for wall_ms in (RECEIVED_MS + TEN_YEARS_MS, FLOOR_MS - 1, -5):
        (dating,) = date(at("a", 1_000, wall_ms, "synced"), known=knowing(at("b", 500)))
        assert dating.timing == "unsynced"
        assert dating.occurred_ms <= RECEIVED_MS


def test_an_earlier_boot_without_an_anchor_lies_between_its_neighbours() -> None:
    told = anchor("a", 5_000, RECEIVED_MS - 10 * DAY_MS), anchor("c", 5_000, RECEIVED_MS - 8 * DAY_MS)
    first, between, last = at("a", 5_000), at("b", 60_000, wall_ms=5), at("c", 3_600_000)
    found = date(first, between, last, known=knowing(at("d", 500), *told))
    assert [dating.timing for dating in found] == ["exact", "bracketed", "exact"]
    dating = found[1]
    assert dating.occurred_ms - dating.error_ms <= RECEIVED_MS - 10 * DAY_MS + 60_000
    assert dating.error_ms < 1.1 * DAY_MS
    # The boot in between ran for a minute before its event, and ended before the next one began.
    assert found[0].occurred_ms + 59_000 < dating.occurred_ms + dating.error_ms <= RECEIVED_MS - 8 * DAY_MS + 41


def test_a_wall_clock_that_can_be_true_is_taken_within_the_same_bounds() -> None:
    told = anchor("a", 5_000, RECEIVED_MS - 10 * DAY_MS), anchor("c", 5_000, RECEIVED_MS - 8 * DAY_MS)
    said_ms = RECEIVED_MS - 9 * DAY_MS + 123
    found = date(at("a", 5_000), at("b", 60_000, said_ms), at("c", 9_000), known=knowing(at("d", 500), *told))
    assert (found[1].occurred_ms, found[1].timing) == (said_ms, "bracketed")
    assert found[1].error_ms >= DAY_MS - 100_000


def test_what_was_before_the_batch_is_a_neighbour_too() -> None:
    since_ms = RECEIVED_MS - 3 * DAY_MS
    (dating,) = date(at("a", 5_000, 5_000), known=knowing(at("b", 500), not_before_ms=since_ms))
    assert dating.timing == "bracketed"
    assert since_ms <= dating.occurred_ms - dating.error_ms + 2
    assert dating.occurred_ms + dating.error_ms <= RECEIVED_MS + TRANSIT_ERROR_MS + 2


def test_an_event_with_nothing_before_it_happened_at_some_time_since_the_protocol() -> None:
    (dating,) = date(at("a", 1_000, 5_000), known=knowing(at("b", 500)))
    assert dating.timing == "unsynced"
    assert dating.occurred_ms - dating.error_ms <= FLOOR_MS
    assert dating.occurred_ms + dating.error_ms >= RECEIVED_MS - 500


def test_a_dead_line_is_dated_by_its_neighbours_alone() -> None:
    known = knowing(at("a", 100_000), anchor("a", 100_000, RECEIVED_MS - 50))
    found = date(at("a", 10_000), None, at("a", 20_000), known=known)
    assert [dating.timing for dating in found] == ["exact", "bracketed", "exact"]
    assert found[0].occurred_ms <= found[1].occurred_ms <= found[2].occurred_ms
    assert found[1].error_ms <= 10_000
    (alone,) = date(None, known=known)
    assert alone.timing == "unsynced"


def test_a_hub_clock_that_was_set_back_is_admitted() -> None:
    found, newest_ms = date_events([at("a", 9, 5)], knowing(at("b", 500), not_before_ms=RECEIVED_MS + DAY_MS))
    assert found[0].timing == "unsynced"
    assert newest_ms == RECEIVED_MS + DAY_MS


readings = st.none() | st.builds(
    at,
    st.sampled_from("abc"),
    st.integers(0, 1 << 53),
    st.integers(-(1 << 53), 1 << 53),
    st.sampled_from(["synced", "unsynced"]),
)
anchors = st.builds(anchor, st.sampled_from("abc"), *[st.integers(0, 1 << 53)] * 3)


@given(
    st.lists(readings, max_size=6),
    readings.filter(bool),
    st.lists(anchors, max_size=3),
    st.integers(FLOOR_MS, FLOOR_MS * 2),
    st.integers(0, 1 << 53),
)
def test_whatever_the_clocks_say_the_time_is_possible_and_the_error_is_named(
    events: list[Reading | None], sent: Reading, told: list[Anchor], received_ms: int, not_before_ms: int
) -> None:
    mine = next((one for one in told if one.boot == sent.boot), None)
    by_boot = {one.boot: one for one in told} | {sent.boot: present_anchor(sent, received_ms, mine)}
    found, newest_ms = date_events(events, Knowledge(sent, received_ms, by_boot, not_before_ms))
    assert len(found) == len(events)
    assert newest_ms >= not_before_ms
    for dating in found:
        assert FLOOR_MS <= dating.occurred_ms <= max(received_ms, FLOOR_MS)
        assert dating.error_ms >= 1


@dataclass
class Boot:
    """A boot as it really was: when it began, how fast its clock runs, what its wall clock shows."""

    name: str
    began_ms: float
    rate: float
    wall_off_ms: float
    synced: bool
    told: Anchor | None = None

    def reading(self, true_ms: float) -> Reading:
        mono_ms = int((true_ms - self.began_ms) * self.rate)
        return at(self.name, mono_ms, int(true_ms + self.wall_off_ms), "synced" if self.synced else "unsynced")

    def learn(self, rng: Random, true_ms: float) -> None:
        """Take an ack whose journey to and fro took some time, of which the hub's share is anyone's guess."""
        trip_ms = rng.choice([2, 30, 400, 4_000])
        if true_ms - trip_ms <= self.began_ms:
            return
        hub_ms = int(true_ms - rng.random() * trip_ms)
        sent, came = self.reading(true_ms - trip_ms).mono_ms, self.reading(true_ms).mono_ms
        half_ms = (came - sent + 1) // 2
        self.told = anchor(self.name, came, hub_ms + half_ms, half_ms + 1)


@dataclass
class Life:
    """A device's true history of events, and what the hub made of it."""

    rng: Random
    now_ms: float = RECEIVED_MS - 400.0 * DAY_MS
    boots: list[Boot] = field(default_factory=list)
    waiting: list[tuple[float, Boot, bool]] = field(default_factory=list)
    newest_ms: int = 0
    births: dict[str, Anchor] = field(default_factory=dict)
    dated: int = 0

    def boot(self) -> None:
        rng = self.rng
        self.now_ms += rng.choice([1_000, 3_600_000, 3 * DAY_MS]) * rng.random()
        synced = rng.random() < 0.2
        # 1970, ten years ahead, a few minutes off, or nothing at all.
        off_ms = rng.choice([-self.now_ms, TEN_YEARS_MS, rng.uniform(-600_000, 600_000), -TEN_YEARS_MS])
        off_ms = rng.uniform(-1_500, 1_500) if synced else off_ms
        self.boots.append(Boot(f"b{len(self.boots)}", self.now_ms, 1 + rng.uniform(-150, 150) / 1e6, off_ms, synced))

    def live(self) -> None:
        rng, boot = self.rng, self.boots[-1]
        for _ in range(rng.randrange(6)):
            self.now_ms += rng.choice([200, 60_000, 3_600_000, DAY_MS]) * rng.random()
            self.waiting.append((self.now_ms, boot, rng.random() < 0.1))

    def send(self) -> None:
        """Go online: greet, tell old anchors now and then, and send what waits in batches of any size."""
        rng, boot = self.rng, self.boots[-1]
        self.now_ms += 5_000 * rng.random()
        if rng.random() < 0.8:
            self.births |= {old.name: old.told for old in self.boots[-16:] if old.told and old is not boot}
            boot.learn(rng, self.now_ms)
        while self.waiting:
            self.now_ms += 2_000 * rng.random()
            n = rng.randrange(1, 8)
            part, self.waiting = self.waiting[:n], self.waiting[n:]
            self.receive(part, boot.reading(self.now_ms), boot)

    def receive(self, part: list[tuple[float, Boot, bool]], sent: Reading, boot: Boot) -> None:
        # Without an anchor the journey is short, as the protocol's answer to a birth has just come.
        transit_ms = self.rng.random() * (20_000 if boot.told else TRANSIT_ERROR_MS - 1)
        received_ms = int(self.now_ms + transit_ms) + 1
        present = present_anchor(sent, received_ms, boot.told)
        assert boot.told in (None, present), "a true anchor was not believed"
        known = Knowledge(sent, received_ms, {**self.births, boot.name: present}, self.newest_ms)
        events = [None if dead else of.reading(true_ms) for true_ms, of, dead in part]
        found, newest_ms = date_events(events, known)
        for (true_ms, of, dead), dating in zip(part, found, strict=True):
            assert abs(dating.occurred_ms - true_ms) <= dating.error_ms, (true_ms, of, dead, dating, known)
            anchored = of.name in known.anchors
            if not dead and (anchored or of.synced):
                assert dating.timing == "exact"
                since = known.anchors[of.name].mono_ms if anchored else 0
                share = drift_ms(of.reading(true_ms).mono_ms - since) if anchored else 0
                assert dating.error_ms <= 5_000 + share
            elif self.newest_ms:
                assert dating.timing == "bracketed"
            else:
                assert dating.timing in ("bracketed", "unsynced")
        assert newest_ms >= self.newest_ms
        assert newest_ms <= part[-1][0] + 1, "what comes next may have happened before that"
        self.newest_ms = newest_ms
        self.now_ms = received_ms + 1
        self.dated += len(part)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1 << 32))
@example(1)
def test_in_any_life_of_a_device_the_truth_lies_within_the_error_that_is_named(seed: int) -> None:
    life = Life(Random(seed))
    for _ in range(8):
        life.boot()
        life.live()
        if life.rng.random() < 0.6:
            life.send()
            life.live()
            life.send()
    life.boot()
    life.live()
    life.send()
    assert life.waiting == []
