"""A damaged device store: found at start, set aside, what is readable saved, what is lost named."""

from pathlib import Path

import pytest

from huiyin_kiosk.outbox.errors import OutboxDamaged
from huiyin_kiosk.outbox.opening import open_or_replace
from huiyin_kiosk.outbox.store import Outbox
from huiyin_shared.events import Rating, Reading, Salvaged, StoreReplaced, decode_event
from huiyin_shared.ids import device_id

DEVICE = device_id("k1")
AT = Reading(boot="b", mono_ms=5, wall_ms=1_700_000_000_000)
PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with 400 events, 50 of them acknowledged, cleanly closed."""
    path = tmp_path / "outbox.db"
    outbox = Outbox.open(path, device=DEVICE)
    outbox.add_all([Rating(at=AT, visit=f"v{i}", counter="c1", level=5) for i in range(400)])
    outbox.mark_acked(51)
    outbox.set_setting("desired", b"kept")
    outbox.close()
    return path


def events_of(outbox: Outbox) -> list[object]:
    part = outbox.read(1, max_events=100_000, max_bytes=1 << 30)
    return [decode_event(line) for line in part.lines]


def page_of_event(path: Path, seq: int) -> int:
    """The number of the page whose bytes hold an event, found by its visit code."""
    return path.read_bytes().index(f'"visit":"v{seq - 1}"'.encode()) // PAGE


def trash(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)


def test_a_trashed_page_costs_only_its_own_rows_and_they_are_named(path: Path) -> None:
    old_store = Outbox.open(path, device=DEVICE).store
    trash(path, page_of_event(path, 200))
    with pytest.raises(OutboxDamaged):
        Outbox.open(path, device=DEVICE)

    outbox = open_or_replace(path, device=DEVICE, at=AT)
    note, *saved = events_of(outbox)
    assert isinstance(note, StoreReplaced)
    assert note.predecessor == old_store != outbox.store
    assert note.recovered == len(saved) > 300
    lost = [seq for first, last in note.missing for seq in range(first, last + 1)]
    assert 200 in lost
    assert len(lost) < 30
    kept = {event.seq: decode_event(event.line) for event in saved if isinstance(event, Salvaged)}
    assert sorted([*kept, *lost]) == list(range(51, 401))
    assert all(isinstance(e, Rating) and e.visit == f"v{seq - 1}" for seq, e in kept.items())
    assert outbox.setting("desired") == b"kept"
    assert (path.parent / "outbox.db.damaged-1").exists()
    outbox.close()


def test_a_flipped_bit_in_a_line_is_found_by_its_hash_and_not_passed_on(path: Path) -> None:
    # SQLite's own checks pass over this one; it is found because another page is damaged and rows are verified.
    path.write_bytes(path.read_bytes().replace(b'"visit":"v299"', b'"visit":"v298"'))
    Outbox.open(path, device=DEVICE).close()
    trash(path, page_of_event(path, 100))
    outbox = open_or_replace(path, device=DEVICE, at=AT)
    note = events_of(outbox)[0]
    assert isinstance(note, StoreReplaced)
    assert (300, 300) in note.missing
    outbox.close()


@pytest.mark.parametrize("content", [b"hello" * 5000, b"\0" * 8192])
def test_a_file_that_is_no_database_is_set_aside_and_the_device_goes_on(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(content)
    outbox = open_or_replace(path, device=DEVICE, at=AT)
    note = events_of(outbox)[0]
    assert isinstance(note, StoreReplaced)
    assert (note.predecessor, note.recovered) == ("", 0)
    assert (tmp_path / "outbox.db.damaged-1").read_bytes() == content
    outbox.close()


def test_damage_twice_keeps_both_files(path: Path) -> None:
    for _ in range(2):
        trash(path, 1)
        open_or_replace(path, device=DEVICE, at=AT).close()
    assert {p.name for p in path.parent.glob("*.damaged-?")} == {"outbox.db.damaged-1", "outbox.db.damaged-2"}


def test_a_sound_store_is_simply_opened(path: Path) -> None:
    outbox = open_or_replace(path, device=DEVICE, at=AT)
    assert outbox.cursor().next_seq == 401
    outbox.close()
