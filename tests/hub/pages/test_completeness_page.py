"""The completeness page: alarms first, then every store; what an administrator can do about them, and nobody else."""

import re

import pytest
from sqlalchemy import Connection, func, insert, select

from hall_stage import HOUR_MS, NOW_MS, Stage
from huiyin_hub.fleet.incidents import KINDS, Incident, note_incidents
from huiyin_hub.fleet.keys import pin_keys
from huiyin_hub.fleet.registry import add_device
from huiyin_hub.fleet.status import Heard, note_statuses
from huiyin_hub.fleet.tables import device_key, incident
from huiyin_hub.ingest.cursors import add_stores, note_told
from huiyin_hub.ingest.tables import event
from huiyin_hub.scores.tables import hour_reopened
from huiyin_shared.frames import Status
from huiyin_shared.ids import StoreId

from .conftest import Visit

OLD, NEW = "0123456789abcdef", "2123456789abcdef"


def add_fleet(stage: Stage) -> None:
    """Put two devices on the stage: `k1` with a new card, `k2` complete."""
    with stage.writing() as connection:
        for device, stores in {"k1": (OLD, NEW), "k2": (OLD,)}.items():
            add_device(connection, device=device, counter="h1-c1", kind="kiosk", now_ms=NOW_MS)
            add_stores(connection, [(device, store) for store in stores], NOW_MS)
            note_told(connection, [((device, OLD), 1 if device == "k2" else 1_235)])
            status = Status(t="birth", conn="c", store=StoreId(stores[-1]), refused=3, free_kb=2_048)
            note_statuses(connection, [Heard(device, status, NOW_MS, False)])


def alarm(stage: Stage, kind: str = "fork", *, device: str = "k1", times: int = 1) -> None:
    with stage.writing() as connection:
        one = Incident(device, OLD, kind, "the device sends another <b>7</b>…", NOW_MS)  # type: ignore[arg-type]
        note_incidents(connection, [one] * times)


def n_incidents(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(incident)).scalar_one()


def closing(kind: str = "fork", device: str = "k1") -> dict[str, str]:
    return {"device": device, "store": OLD, "kind": kind, "shown": ""}


def test_an_empty_page_teaches_what_it_will_show(visit: Visit) -> None:
    page = visit("admin").get("/completeness").text
    assert "还没有设备传来记录" in page
    assert "<table" not in page
    assert 'href="/completeness" aria-current="page"' in page


def test_stores_are_listed_problems_first_with_what_is_missing(visit: Visit, stage: Stage) -> None:
    add_fleet(stage)
    page = visit("admin").get("/completeness").text
    rows = re.findall(r"<code>(k\d)</code></a></th>\s*<td><code>(\w+)</code>.*?chip store-(\w+)", page, re.DOTALL)
    assert rows == [("k1", OLD, "left"), ("k1", NEW, "complete"), ("k2", OLD, "complete")]
    assert "1…1,234" in page
    assert "共 1234 条" in page or "共 1,234 条" in page
    assert "存储卡可能被更换或清空" in page


def test_the_page_can_be_narrowed_to_a_device_and_refreshes_itself(visit: Visit, stage: Stage) -> None:
    add_fleet(stage)
    alarm(stage)
    client = visit("admin")
    page = client.get("/completeness?device=k2").text
    assert NEW not in page
    assert "历史分叉" not in page
    assert 'hx-get="/completeness?device=k2&amp;quiet=1"' in page
    part = client.get("/completeness?device=k2&quiet=1", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert "chip store-complete" in part
    assert "这台设备还没有传来记录" in client.get("/completeness?device=nobody").text
    assert client.get("/completeness", params={"device": "\x00<script>" + "x" * 9_000}).status_code == 200


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_alarm_says_what_it_means_and_what_to_do(visit: Visit, stage: Stage, language: str) -> None:
    add_fleet(stage)
    for kind in KINDS:
        alarm(stage, kind, times=3)
    client = visit("admin")
    client.post("/language", data={"language": language, "next": "/"})
    page = client.get("/completeness").text
    texts = stage.app.state.site.pages.texts(language)
    for kind in KINDS:
        for part in ("", "-means", "-do"):
            assert texts(f"incident-{kind}{part}").replace("'", "&#39;") in page
    assert page.count(texts("noticed", n=3)) == len(KINDS)
    assert "<b>7</b>" not in page
    assert "&lt;b&gt;7" in page


def test_an_alarm_is_seen_to_and_comes_back_when_noticed_again(visit: Visit, stage: Stage) -> None:
    add_fleet(stage)
    alarm(stage, times=2)
    alarm(stage, "disk_full", device="k2")
    client = visit("admin")
    assert "2 条待处理的告警" in client.get("/devices").text
    done = client.post("/incidents/close", data={**closing(), "shown": "k1"})
    assert (done.status_code, done.headers["location"]) == (303, "/completeness?device=k1")
    page = client.get("/completeness").text
    assert "历史分叉" not in page
    assert "磁盘已满" in page
    assert client.post("/incidents/close", data=closing()).status_code == 303, "somebody else was faster"
    alarm(stage)
    assert "历史分叉" in client.get("/completeness").text


def test_nonsense_closes_nothing(visit: Visit, stage: Stage) -> None:
    alarm(stage)
    client = visit("admin")
    assert client.post("/incidents/close", data={}).status_code == 404
    assert client.post("/incidents/close", data={**closing(), "kind": "x"}).status_code == 404
    assert client.post("/incidents/close", data={**closing(), "device": "\x00", "store": "y" * 999}).status_code == 303
    with stage.engine.connect() as connection:
        assert n_incidents(connection) == 1


@pytest.mark.parametrize("login", ["manager", "office"])
def test_who_does_not_keep_devices_finds_nothing_and_can_do_nothing(visit: Visit, stage: Stage, login: str) -> None:
    add_fleet(stage)
    alarm(stage, "key_changed")
    with stage.writing() as connection:
        pin_keys(connection, {"k1": ("00", NOW_MS)})
    client = visit(login)
    nowhere = client.get("/halls/nowhere").text
    for answer in (
        client.get("/completeness"),
        client.post("/incidents/close", data=closing("key_changed")),
        client.post("/devices/k1/rekey"),
        client.post("/devices/nobody/rekey"),
    ):
        assert answer.status_code == 404
        assert answer.text == nowhere
    with stage.engine.connect() as connection:
        assert n_incidents(connection) == 1
        assert connection.execute(select(func.count()).select_from(device_key)).scalar_one() == 1


def test_before_log_in_there_is_nothing(visit: Visit) -> None:
    client = visit()
    assert client.get("/completeness").headers["location"].startswith("/login")
    assert client.post("/incidents/close", data=closing()).status_code == 303


def test_forms_of_other_sites_are_refused(visit: Visit, stage: Stage) -> None:
    add_fleet(stage)
    alarm(stage, "key_changed")
    with stage.writing() as connection:
        pin_keys(connection, {"k1": ("00", NOW_MS)})
    client, foreign = visit("admin"), {"origin": "https://evil.example"}
    assert client.post("/incidents/close", data=closing("key_changed"), headers=foreign).status_code == 403
    assert client.post("/devices/k1/rekey", headers=foreign).status_code == 403
    with stage.engine.connect() as connection:
        assert n_incidents(connection) == 1
        assert connection.execute(select(func.count()).select_from(device_key)).scalar_one() == 1


def test_a_new_key_is_accepted_for_the_device_that_lost_its_own(visit: Visit, stage: Stage) -> None:
    add_fleet(stage)
    with stage.writing() as connection:
        pin_keys(connection, {"k1": ("00", NOW_MS), "k2": ("11", NOW_MS)})
    for device in ("k1", "k2"):
        alarm(stage, "key_changed", device=device)
    alarm(stage, "fork")
    client = visit("admin")
    assert client.get("/completeness").text.count('action="/devices/k1/rekey"') == 1, "beside the changed key only"
    done = client.post("/devices/k1/rekey", data={"shown": ""})
    assert (done.status_code, done.headers["location"]) == (303, "/completeness")
    with stage.engine.connect() as connection:
        assert connection.execute(select(device_key.c.device_id)).scalars().all() == ["k2"]
        left = {(row.device_id, row.kind) for row in connection.execute(select(incident))}
    assert left == {("k1", "fork"), ("k2", "key_changed")}
    assert client.post("/devices/nobody/rekey").status_code == 404


def test_devices_show_their_room_who_was_turned_away_and_the_way_to_their_stores(visit: Visit, stage: Stage) -> None:
    add_fleet(stage)
    page = visit("admin").get("/devices").text
    assert "剩 2.0 MB" in page
    assert "存储已满，婉拒了 3 位来访者" in page
    assert 'href="/completeness?device=k1"' in page
    assert "待处理的告警" not in page


def test_nobody_turned_away_is_not_worth_a_word(visit: Visit, stage: Stage) -> None:
    with stage.writing() as connection:
        add_device(connection, device="k3", counter="h1-c1", kind="kiosk", now_ms=NOW_MS)
    assert "婉拒" not in visit("admin").get("/devices").text


def test_the_board_names_hours_that_ratings_came_late_for(visit: Visit, stage: Stage) -> None:
    client = visit("manager")
    assert "晚到" not in client.get("/halls/h1").text
    day_before = NOW_MS - 24 * HOUR_MS
    with stage.writing() as connection:
        for counter, hour_ms, n in (
            ("h1-c1", NOW_MS - 2 * HOUR_MS, 2),
            ("h1-c2", NOW_MS - 2 * HOUR_MS, 1),
            ("h1-c1", NOW_MS - HOUR_MS, 4),
            ("h1-c1", day_before, 50),
            ("h2-c1", NOW_MS - HOUR_MS, 60),
        ):
            row = {"counter_code": counter, "hour_ms": hour_ms, "n": n, "last_ms": NOW_MS}
            connection.execute(insert(hour_reopened).values(row))
    line = "其中 7 条评价晚到，已补入 08:00 (3)、09:00 (4)"
    assert line in client.get("/halls/h1").text
    assert line in client.get("/halls/h1/sources?quiet=1").text
    client.post("/language", data={"language": "en", "next": "/"})
    assert "7 ratings came late, added to 08:00 (3), 09:00 (4)" in client.get("/halls/h1").text


def test_many_gaps_are_cut_with_their_number(visit: Visit, stage: Stage) -> None:
    add_fleet(stage)
    with stage.writing() as connection:
        connection.exec_driver_sql("UPDATE store SET ended = 'damaged', replaced_ms = 1 WHERE device_id = 'k2'")
        number = connection.exec_driver_sql("SELECT id FROM store WHERE device_id = 'k2'").scalar_one()
        row = {"line": b"", "kind": "dead", "occurred_ms": 0, "error_ms": 0, "received_ms": 0}
        for seq in range(2, 42, 2):
            connection.execute(insert(event).values(store_id=number, seq=seq, **row))
    page = visit("admin").get("/completeness?device=k2").text
    assert "等，另有 12 段" in page
