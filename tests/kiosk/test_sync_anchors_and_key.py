"""What a device knows of the hub's time, and the key it signs with."""

import stat
from itertools import pairwise
from pathlib import Path

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from huiyin_kiosk.outbox.opening import open_or_replace
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.sync.anchors import DRIFT_PPM, KEEP_AGAIN_AFTER_MS, Anchors
from huiyin_kiosk.sync.signing import DeviceKey, key_path, open_key
from huiyin_shared.events import Reading
from huiyin_shared.frames import MAX_ANCHORS, Ack, Anchor, batch_statement, status_statement
from huiyin_shared.ids import device_id

STORE = "0123456789abcdef"
HEAD = "cd" * 32
HUB_MS = 1_770_000_000_000
DEVICE = device_id("k1")


def at(mono_ms: int, boot: str = "b1") -> Reading:
    return Reading(boot=boot, mono_ms=mono_ms, wall_ms=5)


def ack(echo_mono_ms: int, *, boot: str = "b1", hub_ms: int = HUB_MS) -> Ack:
    return Ack(STORE, 2, HEAD, hub_ms, boot, echo_mono_ms)


def test_an_ack_dates_the_moment_it_came_to_within_half_its_journey() -> None:
    anchors = Anchors(None)
    assert anchors.learn(ack(1_000), at(1_301))
    assert anchors.of("b1") == Anchor(boot="b1", mono_ms=1_301, hub_ms=HUB_MS + 151, error_ms=152)
    assert anchors.of("b2") is None
    # Whenever within the journey the hub looked at its clock, the bound holds.
    found = anchors.all()[0]
    for hub_looked_at in (1_000, 1_150, 1_301):
        assert abs(found.hub_ms - (HUB_MS + 1_301 - hub_looked_at)) <= found.error_ms


def test_an_ack_of_another_boot_teaches_nothing() -> None:
    anchors = Anchors(None)
    assert not anchors.learn(ack(1_000, boot="b0"), at(1_100))
    assert anchors.all() == []


def test_an_ack_that_echoes_nothing_teaches_nothing() -> None:
    anchors = Anchors(None)
    assert not anchors.learn(Ack(STORE, 2, HEAD, HUB_MS), at(1_100))
    assert anchors.all() == []


def test_an_ack_from_the_future_of_its_own_boot_teaches_nothing() -> None:
    anchors = Anchors(None)
    assert not anchors.learn(ack(2_000), at(1_999))
    assert anchors.all() == []


def test_a_worse_sample_is_not_taken_and_a_better_one_is() -> None:
    anchors = Anchors(None)
    anchors.learn(ack(1_000), at(1_100))
    best = anchors.of("b1")
    assert not anchors.learn(ack(2_000), at(2_900))
    assert anchors.of("b1") == best
    anchors.learn(ack(3_000), at(3_010))
    found = anchors.of("b1")
    assert found is not None
    assert (found.mono_ms, found.error_ms) == (3_010, 6)


def test_an_old_sample_grows_worse_with_the_drift_of_the_oscillator() -> None:
    anchors = Anchors(None)
    anchors.learn(ack(1_000), at(1_100))
    # Its error of 51 ms grows past the 201 ms of the next samples when the clock may have drifted by more than 150.
    worse_ms = 1_100 + 150 * 1_000_000 // DRIFT_PPM
    anchors.learn(ack(worse_ms - 2_000 - 400), at(worse_ms - 2_000))
    assert anchors.all()[0].mono_ms == 1_100
    anchors.learn(ack(worse_ms + 2_000 - 400), at(worse_ms + 2_000))
    assert anchors.all()[0].mono_ms == worse_ms + 2_000


def test_what_is_known_is_written_again_after_ten_minutes_and_not_with_every_ack() -> None:
    anchors = Anchors(None)
    written = [now for now in range(1_000, 2_000_000, 5_000) if anchors.learn(ack(now - 20), at(now))]
    assert len(written) == 4
    assert all(later - earlier >= KEEP_AGAIN_AFTER_MS for earlier, later in pairwise(written))


def test_a_much_better_sample_is_written_at_once() -> None:
    anchors = Anchors(None)
    assert anchors.learn(ack(1_000), at(3_000))
    assert not anchors.learn(ack(4_000), at(5_800))
    assert anchors.learn(ack(6_000), at(6_010))


def test_the_first_sample_of_a_new_boot_is_written_at_once() -> None:
    anchors = Anchors(None)
    anchors.learn(ack(1_000), at(1_010))
    assert anchors.learn(ack(5, boot="b2"), at(1_005, "b2"))
    assert [anchor.boot for anchor in anchors.all()] == ["b1", "b2"]


def test_no_more_boots_are_kept_than_a_birth_can_carry_and_the_oldest_go() -> None:
    anchors = Anchors(None)
    for number in range(MAX_ANCHORS + 5):
        anchors.learn(ack(1, boot=f"b{number}"), at(3, f"b{number}"))
    assert [anchor.boot for anchor in anchors.all()] == [f"b{number}" for number in range(5, MAX_ANCHORS + 5)]


def test_what_was_written_is_known_again_at_the_next_start() -> None:
    anchors = Anchors(None)
    anchors.learn(ack(1_000), at(1_010))
    anchors.learn(ack(1, boot="b2"), at(7, "b2"))
    again = Anchors(anchors.encoded())
    assert again.all() == anchors.all()
    assert again.learn(ack(1, boot="b3"), at(7, "b3"))
    assert [anchor.boot for anchor in again.all()] == ["b1", "b2", "b3"]


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b"[1]", b'[{"boot":"b"}]', b"\xff\xfe", b"null"])
def test_anchors_that_cannot_be_read_are_learnt_anew(kept: bytes) -> None:
    anchors = Anchors(kept)
    assert anchors.all() == []
    assert anchors.learn(ack(1_000), at(1_010))


def test_the_key_is_made_once_readable_by_its_owner_alone_and_used_again(tmp_path: Path) -> None:
    path = tmp_path / "device" / "outbox.db.key"
    first = open_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32
    assert open_key(path).public == first.public
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert open_key(tmp_path / "another.key").public != first.public


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_replaced_and_the_device_goes_on(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outbox.db.key"
    before = open_key(path)
    path.write_bytes(content)
    after = open_key(path)
    assert after.public != before.public
    assert open_key(path).public == after.public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_half_written_key_of_a_power_cut_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db.key"
    path.with_name("outbox.db.key.new").write_bytes(b"half")
    path.with_name("outbox.db.key.new").chmod(0o644)
    key = open_key(path)
    assert open_key(path).public == key.public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_key_stays_when_a_damaged_store_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    Outbox.open(path, device=DEVICE).close()
    key = open_key(key_path(path))
    path.write_bytes(b"\0" * 8192)
    open_or_replace(path, device=DEVICE, at=at(1)).close()
    assert open_key(key_path(path)).public == key.public


def test_a_signature_holds_for_what_was_signed_and_for_nothing_else() -> None:
    key = DeviceKey(bytes(range(32)))
    public = VerifyKey(bytes.fromhex(key.public))
    signature = key.sign_batch(DEVICE, b"{}", b"h" * 32)
    public.verify(batch_statement(DEVICE, b"{}", b"h" * 32), signature)
    public.verify(status_statement(DEVICE, b"{}"), key.sign_status(DEVICE, b"{}"))
    for other in (
        batch_statement("k2", b"{}", b"h" * 32),
        batch_statement(DEVICE, b"{ }", b"h" * 32),
        batch_statement(DEVICE, b"{}", b"i" * 32),
        status_statement(DEVICE, b"{}"),
    ):
        with pytest.raises(BadSignatureError):
            public.verify(other, signature)
