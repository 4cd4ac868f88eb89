"""What the administrator works with: accounts with passwords shown once, devices, dead letters."""

import re

from sqlalchemy import insert

from hall_stage import NOW_MS, Stage, log_in
from huiyin_hub.fleet.registry import add_device, revoke
from huiyin_hub.fleet.tables import device_status
from huiyin_hub.ingest.tables import dead_letter, dead_letter_count
from huiyin_hub.people.accounts import list_accounts

from .conftest import Visit


def test_a_new_account_gets_a_generated_password_shown_once(visit: Visit, stage: Stage) -> None:
    admin = visit("admin")
    words = {"login": "zhao", "name": "赵六", "role": "hall_manager", "halls": ["h2"]}
    made = admin.post("/people", data=words)
    assert made.status_code == 200
    found = re.search(r'<code class="secret">([^<]+)</code>', made.text)
    assert found
    assert found[1] not in admin.get("/people").text
    manager = visit()
    assert log_in(manager, "zhao", found[1]).status_code == 303
    assert manager.get("/halls/h2").status_code == 200
    assert manager.get("/halls/h1").status_code == 404


def test_wrong_forms_say_so_beside_the_field_and_make_nobody(visit: Visit, stage: Stage) -> None:
    admin = visit("admin")
    for words, field in (
        ({"login": "office", "name": "x", "role": "central_office"}, "login"),
        ({"login": "王", "name": "x", "role": "central_office"}, "login"),
        ({"login": "new1", "name": "", "role": "central_office"}, "name"),
        ({"login": "new1", "name": "x", "role": "king"}, "role"),
        ({"login": "new1", "name": "x", "role": "hall_manager"}, "halls"),
        ({"login": "new1", "name": "x", "role": "hall_manager", "halls": ["nowhere"]}, "halls"),
        ({}, "login"),
    ):
        refused = admin.post("/people", data=words)
        assert refused.status_code == 422, words
        assert f'id="{field}-problem"' in refused.text, words
    with stage.engine.connect() as connection:
        assert len(list_accounts(connection)) == 4


def test_a_disabled_person_is_out_at_once_and_may_come_back(visit: Visit, stage: Stage) -> None:
    admin, office = visit("admin"), visit("office")
    with stage.engine.connect() as connection:
        numbers = {one.login: one.id for one in list_accounts(connection)}
    assert admin.post(f"/people/{numbers['office']}/disable").status_code == 303
    assert office.get("/cases").status_code == 303
    assert log_in(visit(), "office").status_code == 422
    admin.post(f"/people/{numbers['office']}/enable")
    assert log_in(visit(), "office").status_code == 303
    assert admin.post(f"/people/{numbers['admin']}/disable").status_code == 409
    assert admin.post("/people/999/disable").status_code == 404
    assert admin.post(f"/people/{numbers['office']}/delete").status_code == 404


def test_a_renewed_password_replaces_the_old_one(visit: Visit, stage: Stage) -> None:
    admin, office = visit("admin"), visit("office")
    with stage.engine.connect() as connection:
        number = next(one.id for one in list_accounts(connection) if one.login == "office")
    renewed = admin.post(f"/people/{number}/password")
    found = re.search(r'<code class="secret">([^<]+)</code>', renewed.text)
    assert found
    assert office.get("/cases").status_code == 303
    assert log_in(visit(), "office").status_code == 422
    assert log_in(visit(), "office", found[1]).status_code == 303


def add_devices(stage: Stage) -> None:
    with stage.writing() as connection:
        for name in ("fresh", "gone", "here", "mute", "out", "stuck"):
            add_device(connection, device=name, counter="h1-c1", kind="terminal", now_ms=NOW_MS)
        revoke(connection, "out")
        heard = {"conn": "c", "store": "s", "head_next": 1, "version": "0.1.0", "halted": "", "heard_ms": NOW_MS}
        for name, changed in {
            "gone": {"online": False, "backlog": 7},
            "here": {},
            "mute": {"heard_ms": NOW_MS - 200_000},
            "stuck": {"halted": "fork"},
        }.items():
            row = {"device_id": name, "online": True, "backlog": 0, **heard, **changed}
            connection.execute(insert(device_status).values(row))


def test_devices_are_shown_with_how_they_are(visit: Visit, stage: Stage) -> None:
    add_devices(stage)
    page = visit("admin").get("/devices").text
    states = dict(re.findall(r'<code>(\w+)</code>.*?<span class="chip device-(\w+)"', page, re.DOTALL))
    assert states == {
        "fresh": "new",
        "gone": "offline",
        "here": "online",
        "mute": "silent",
        "out": "revoked",
        "stuck": "halted",
    }
    assert "fork" in page
    part = visit("admin").get("/devices?quiet=1", headers={"hx-request": "true"}).text
    assert "<html" not in part


def test_the_board_says_from_how_many_devices_its_numbers_come(visit: Visit, stage: Stage) -> None:
    add_devices(stage)
    client = visit("manager")
    assert "来自 5 台设备中的 1 台，最近联系 10:00:00 · 另有 7 条在设备上待传" in client.get("/halls/h1/sources").text
    assert "这些窗口还没有设备" in visit("office").get("/halls/h2").text


def test_dead_letters_are_counted_and_their_contents_not_shown(visit: Visit, stage: Stage) -> None:
    admin = visit("admin")
    assert "没有异常报文" in admin.get("/dead-letters").text
    with stage.writing() as connection:
        letter = {
            "device_id": "t-1",
            "topic": "hy/v1/t-1/up/events",
            "reason": "bad_header",
            "detail": "<b>",
            "size_bytes": 9,
        }
        connection.execute(insert(dead_letter).values(payload="张三 138".encode(), received_ms=NOW_MS, **letter))
        connection.execute(
            insert(dead_letter_count).values(device_id="t-1", reason="bad_header", n=1_234, last_ms=NOW_MS)
        )
    page = admin.get("/dead-letters").text
    assert "bad_header" in page
    assert "1234" in page
    assert "张三" not in page
    assert "<b>" not in page
