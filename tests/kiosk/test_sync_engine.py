"""The device engine alone: pure, so every story is a list of inputs and the effects they must have."""

from itertools import pairwise
from random import Random

import pytest

from huiyin_kiosk.sync.engine import Announce, DeviceEngine, Dial, HangUp, Pace, Send, Settle
from huiyin_shared.frames import MAX_BATCH_EVENTS, Ack, HubState, Refusal

STORE = "0123456789abcdef"
HEAD = "cd" * 32
PACE = Pace()


def make(next_seq: int = 1, acked_next: int = 1) -> DeviceEngine:
    return DeviceEngine(next_seq=next_seq, acked_next=acked_next, rng=Random(1), now_ms=0)


def ack(next_seq: int) -> Ack:
    return Ack(STORE, next_seq, HEAD, 0)


def refusal(reason: str, next_seq: int = 1) -> Refusal:
    return Refusal(STORE, reason, next_seq, HEAD, 0)  # type: ignore[arg-type]


def send_all(engine: DeviceEngine, now_ms: int) -> list[int]:
    """Poll until nothing more is to be sent; return the first number of each batch."""
    firsts = []
    while effects := engine.poll(now_ms):
        for effect in effects:
            if isinstance(effect, Send):
                firsts.append(effect.first)
                engine.sent(effect.first, effect.max_events, now_ms)
    return firsts


def streaming(next_seq: int = 1, acked_next: int = 1) -> DeviceEngine:
    engine = make(next_seq, acked_next)
    assert engine.poll(0) == [Dial()]
    engine.on_connected(0)
    assert engine.poll(0) == [Announce("birth")]
    engine.on_answer(ack(acked_next), 0)
    return engine


def test_nothing_is_sent_before_the_hub_has_told_its_cursor() -> None:
    engine = make(next_seq=10)
    engine.poll(0)
    engine.on_connected(0)
    assert engine.poll(0) == [Announce("birth")]
    assert engine.poll(1) == []
    engine.on_answer(ack(4), 2)
    assert engine.poll(2) == [Settle(4, bytes.fromhex(HEAD)), Send(4, 6, 65_536)]


def test_a_birth_without_answer_is_repeated_with_growing_patience() -> None:
    engine = make()
    engine.poll(0)
    engine.on_connected(0)
    births = [now for now in range(0, 200_000, 1000) if engine.poll(now) == [Announce("birth")]]
    gaps = [b - a for a, b in pairwise(births)]
    assert gaps[:4] == [5_000, 10_000, 20_000, 40_000]
    assert max(gaps) <= 60_000


def test_a_backlog_goes_in_full_batches_inside_the_window() -> None:
    engine = streaming(next_seq=5_001)
    assert send_all(engine, 0) == [1, 501, 1001, 1501, 2001, 2501, 3001, 3501]
    engine.on_answer(ack(501), 10)
    assert send_all(engine, 10) == [4001]


def test_taps_made_while_the_window_is_full_travel_together() -> None:
    engine = streaming()
    for seq in range(2, 12):
        engine.added(seq)
        send_all(engine, 0)
    engine.on_answer(ack(2), 5)
    assert engine.poll(5) == [Settle(2, bytes.fromhex(HEAD)), Send(9, 2, 65_536)]


def test_without_acknowledgement_everything_unacknowledged_goes_again() -> None:
    engine = streaming(next_seq=1_201)
    assert send_all(engine, 0) == [1, 501, 1001]
    assert send_all(engine, 4_999) == []
    assert send_all(engine, 5_000) == [1, 501, 1001]
    assert send_all(engine, 14_999) == []
    assert send_all(engine, 15_000) == [1, 501, 1001]


def test_only_the_first_of_many_gap_refusals_turns_back() -> None:
    engine = streaming(next_seq=2_001)
    assert send_all(engine, 0) == [1, 501, 1001, 1501]
    for _ in range(3):
        engine.on_answer(refusal("gap", 1), 10)
    assert send_all(engine, 10) == [1, 501, 1001, 1501]
    engine.on_answer(ack(501), 20)
    engine.on_answer(refusal("gap", 501), 21)
    assert send_all(engine, 21) == [501, 1001, 1501]


def test_a_hub_restored_from_an_old_backup_gets_everything_since_once_more() -> None:
    engine = streaming(next_seq=100, acked_next=100)
    engine.poll(0)
    engine.on_hub_state(HubState("online", "first", 0), 5)
    engine.on_hub_state(HubState("online", "restored", 6), 6)
    assert engine.poll(6) == [Announce("birth")]
    engine.on_answer(ack(40), 7)
    assert engine.poll(7) == [Settle(40, bytes.fromhex(HEAD)), Send(40, 60, 65_536)]


def test_an_acknowledgement_that_was_overtaken_changes_nothing() -> None:
    engine = streaming(next_seq=1_001)
    send_all(engine, 0)
    engine.on_answer(ack(501), 1)
    engine.poll(1)
    engine.on_answer(ack(1), 2)
    assert engine.poll(2) == []
    assert engine.acked_next == 501


@pytest.mark.parametrize("reason", ["fork", "revoked", "unknown_device", "unknown_store"])
def test_a_final_refusal_halts_says_so_and_asks_again_later(reason: str) -> None:
    engine = streaming(next_seq=10)
    send_all(engine, 0)
    engine.on_answer(refusal(reason), 1)
    assert engine.halted == reason
    assert engine.poll(1) == [Announce("beat")]
    engine.added(20)
    assert engine.poll(29_000) == []
    assert engine.poll(60_001) == [Announce("beat"), Announce("birth")]
    engine.on_answer(ack(1), 60_002)
    assert not engine.halted
    assert send_all(engine, 60_002) == [1]


def test_a_hub_that_is_ahead_of_the_store_halts_it() -> None:
    engine = streaming(next_seq=10)
    engine.on_answer(ack(11), 1)
    assert engine.halted == "hub_ahead"


def test_batches_stay_below_what_the_broker_carries() -> None:
    engine = make(next_seq=1_000)
    engine.poll(0)
    engine.on_connected(0, max_packet_bytes=20_000)
    engine.poll(0)
    engine.on_answer(ack(1), 0)
    assert engine.poll(0)[-1] == Send(1, MAX_BATCH_EVENTS, 20_000 - 1_024 - 256)


def test_a_batch_found_too_large_comes_again_smaller() -> None:
    engine = streaming(next_seq=1_000)
    send_all(engine, 0)
    engine.on_answer(refusal("too_large"), 1)
    assert engine.poll(1) == [Send(1, MAX_BATCH_EVENTS, 32_768)]


def test_while_the_hub_is_away_nothing_is_sent_and_nothing_is_forgotten() -> None:
    engine = streaming(next_seq=1)
    engine.poll(0)
    engine.on_hub_state(HubState("online", "a", 0), 0)
    engine.on_hub_state(HubState("offline", "a", 0), 1)
    engine.added(5)
    assert engine.poll(2) == []
    engine.on_hub_state(HubState("online", "b", 0), 3)
    assert engine.poll(3) == [Announce("birth")]
    engine.on_answer(ack(1), 4)
    assert send_all(engine, 4) == [1]


def test_a_hub_whose_return_was_never_heard_is_greeted_again() -> None:
    engine = streaming(next_seq=5)
    engine.poll(0)
    engine.on_hub_state(HubState("offline", "a", 0), 1)
    assert engine.poll(PACE.hub_away_ms) == []
    assert engine.poll(PACE.hub_away_ms + 1) == [Announce("birth")]


def test_the_late_farewell_of_an_old_hub_is_not_believed() -> None:
    engine = streaming(next_seq=5)
    engine.poll(0)
    engine.on_hub_state(HubState("online", "new", 0), 0)
    engine.on_hub_state(HubState("offline", "old", 0), 1)
    assert engine.poll(1) == [Send(1, 4, 65_536)]


def test_redialling_backs_off_with_jitter_and_only_the_hubs_ack_calms_it() -> None:
    engine = make()
    now, waits = 0, []
    for _ in range(12):
        assert engine.poll(now) == [Dial()]
        engine.on_disconnected(now)
        waits.append(engine.wake_at_ms() - now)
        now = engine.wake_at_ms()
    assert all(PACE.redial_min_ms <= wait <= PACE.redial_max_ms for wait in waits)
    assert len(set(waits)) > 8
    assert max(waits) > 10_000
    engine.poll(now)
    engine.on_connected(now)
    engine.on_disconnected(now)
    before = engine._redial_ms
    engine.poll(engine.wake_at_ms())
    engine.on_connected(now)
    assert engine._redial_ms == before
    engine.on_answer(ack(1), now)
    assert engine._redial_ms == PACE.redial_min_ms


def test_a_broker_that_never_answers_is_given_up() -> None:
    engine = make()
    engine.poll(0)
    assert engine.poll(PACE.dial_timeout_ms) == [HangUp()]
    assert engine.phase == "offline"


def test_heartbeats_go_on_while_idle() -> None:
    engine = streaming()
    engine.poll(0)
    beats = [now for now in range(1, 100_000, 500) if Announce("beat") in engine.poll(now)]
    assert len(beats) == 3


def test_a_bad_signature_is_greeted_three_times_and_then_halts() -> None:
    engine = streaming(next_seq=10)
    for now in (10, 20, 30):
        send_all(engine, now)
        engine.on_answer(refusal("bad_signature"), now)
        assert engine.halted == ""
        # The birth tells the hub the key it may have forgotten.
        assert engine.poll(now) == [Announce("birth")]
        engine.on_answer(ack(1), now + 1)
    assert send_all(engine, 31) == [1]
    engine.on_answer(refusal("bad_signature"), 40)
    assert engine.halted == "bad_signature"
    assert Announce("beat") in engine.poll(40)
    assert send_all(engine, 50) == []


def test_progress_forgives_earlier_bad_signatures() -> None:
    engine = streaming(next_seq=100)
    now = 10
    for done in range(2, 12):
        send_all(engine, now)
        engine.on_answer(refusal("bad_signature", done - 1), now)
        engine.poll(now)
        engine.on_answer(ack(done - 1), now)
        send_all(engine, now)
        engine.on_answer(ack(done), now)
        now += 10
    assert engine.halted == ""


def test_a_reason_is_confirmed_only_when_it_comes_again_after_a_while() -> None:
    engine = streaming(next_seq=10)
    engine.on_answer(refusal("fork"), 1)
    assert (engine.halted, engine.halted_twice) == ("fork", False)
    engine.on_answer(refusal("fork"), 2)
    engine.on_answer(refusal("fork"), PACE.halted_retry_ms)
    assert not engine.halted_twice
    engine.on_answer(refusal("fork"), 1 + PACE.halted_retry_ms)
    assert engine.halted_twice


def test_another_reason_confirms_nothing() -> None:
    engine = streaming(next_seq=10)
    engine.on_answer(refusal("fork"), 1)
    engine.on_answer(refusal("unknown_store"), 1 + PACE.halted_retry_ms)
    assert not engine.halted_twice
    engine.on_answer(refusal("fork"), 2 + 2 * PACE.halted_retry_ms)
    assert not engine.halted_twice


def test_a_fork_that_was_only_a_damaged_message_is_forgotten_with_the_next_progress() -> None:
    engine = streaming(next_seq=10)
    engine.on_answer(refusal("fork"), 1)
    engine.poll(PACE.halted_retry_ms + 1)
    engine.on_answer(ack(1), PACE.halted_retry_ms + 2)
    send_all(engine, PACE.halted_retry_ms + 2)
    engine.on_answer(ack(10), PACE.halted_retry_ms + 3)
    engine.on_answer(refusal("fork", 10), 10 * PACE.halted_retry_ms)
    assert (engine.halted, engine.halted_twice) == ("fork", False)


def test_a_halt_of_long_ago_confirms_nothing() -> None:
    engine = DeviceEngine(next_seq=5, acked_next=5, rng=Random(1), now_ms=0)
    retry_ms = engine.pace.halted_retry_ms
    engine.halt("fork", 0)
    engine.halt("fork", 10 * retry_ms)
    assert not engine.halted_twice
    engine.halt("fork", 11 * retry_ms)
    assert engine.halted_twice
