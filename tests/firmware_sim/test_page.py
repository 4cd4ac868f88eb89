"""The board's live stream is read as a browser reads it."""

from huiyin_firmware_sim.page import server_sent_events


def test_events_are_told_apart_by_empty_lines_and_carry_their_names() -> None:
    lines = ["event: board", 'data: {"a":1}', "", ": still here", "", "data: one", "data:two", "", "data: unfinished"]

    assert list(server_sent_events(iter(lines))) == [("board", '{"a":1}'), ("message", "one\ntwo")]


def test_an_event_without_data_is_none() -> None:
    assert list(server_sent_events(iter(["event: board", "", "id: 3", ""]))) == []
