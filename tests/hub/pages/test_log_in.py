"""Log-in at the pages: forms say what is wrong beside the field, in the reader's language."""

import httpx
import pytest

from hall_stage import PASSWORD, Stage, log_in
from huiyin_hub.people.accounts import new_setup_link
from huiyin_hub.people.lockout import FREE_FAILURES

from .conftest import Visit


def test_every_page_leads_a_stranger_to_the_log_in_and_back(visit: Visit) -> None:
    client = visit()
    answer = client.get("/halls/h1?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/halls/h1%3Fx%3D1")
    entered = client.post("/login", data={"login": "manager", "password": PASSWORD, "next": "/halls/h1?x=1"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/halls/h1?x=1")


def test_a_part_of_a_page_that_refreshes_itself_leads_back_to_that_page(visit: Visit) -> None:
    page = {"hx-request": "true", "hx-current-url": "http://hub.example/halls/h1?x=1"}
    answer = visit().get("/halls/h1/voices", headers=page)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?next=%2Fhalls%2Fh1")


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "/a b", "javascript:1"])
def test_after_log_in_nobody_is_sent_to_another_site(visit: Visit, path: str) -> None:
    entered = visit().post("/login", data={"login": "manager", "password": PASSWORD, "next": path})
    assert entered.headers["location"] == "/"


def test_wrong_and_missing_words_are_told_beside_the_field(visit: Visit) -> None:
    client = visit()
    wrong = log_in(client, "manager", "wrong")
    assert wrong.status_code == 422
    assert '<p class="problem" id="password-problem">登录名或密码不正确。</p>' in wrong.text
    assert 'value="manager"' in wrong.text
    assert "wrong" not in wrong.text
    missing = client.post("/login", data={}, headers={"accept-language": "en-GB,en;q=0.9"})
    assert missing.status_code == 422
    assert missing.text.count("Please fill this in.") == 2


def test_guessing_is_answered_with_a_wait(visit: Visit) -> None:
    client = visit()
    for _ in range(FREE_FAILURES):
        assert log_in(client, "office", "wrong password").status_code == 422
    locked = log_in(client, "office")
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "30")
    assert "1 分钟" in locked.text


def test_the_cookie_is_closed_to_scripts_and_other_sites(visit: Visit) -> None:
    cookie = log_in(visit(), "office").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_logging_out_ends_the_session_at_the_hub(visit: Visit, address: str) -> None:
    client = visit("office")
    token = client.cookies["huiyin"]
    client.post("/logout")
    replayed = httpx.get(f"{address}/cases", cookies={"huiyin": token})
    assert replayed.status_code == 303


def test_a_session_left_alone_ends(visit: Visit, stage: Stage) -> None:
    client = visit("office")
    stage.clock.ms += stage.settings.idle_logout_s * 1000 - 1000
    assert client.get("/cases").status_code == 200
    stage.clock.ms += stage.settings.idle_logout_s * 1000 - 1000
    assert client.get("/cases").status_code == 200
    stage.clock.ms += stage.settings.idle_logout_s * 1000 + 1000
    assert client.get("/cases").status_code == 303


def test_a_page_that_refreshes_itself_is_not_somebody_at_work(visit: Visit, stage: Stage) -> None:
    client = visit("admin")
    stage.clock.ms += stage.settings.idle_logout_s * 1000 - 1000
    assert client.get("/devices?quiet=1").status_code == 200
    stage.clock.ms += 2000
    assert client.get("/devices?quiet=1").status_code == 303


def test_the_first_administrator_comes_by_the_one_time_link(visit: Visit, stage: Stage) -> None:
    with stage.writing() as connection:
        token = new_setup_link(connection, stage.clock())
    client = visit()
    assert client.get(f"/setup/{token}").status_code == 200
    words = {"login": "root2", "name": "管理员", "password": "a long password", "repeat": "another password"}
    differing = client.post(f"/setup/{token}", data=words)
    assert differing.status_code == 422
    assert 'id="repeat-problem"' in differing.text
    assert "a long password" not in differing.text
    made = client.post(f"/setup/{token}", data=words | {"repeat": "a long password"})
    assert made.status_code == 303
    assert client.get("/people").status_code == 200
    again = visit().get(f"/setup/{token}")
    assert again.status_code == 404
    assert visit().post(f"/setup/{token}", data=words | {"repeat": "a long password"}).status_code == 404


def test_the_password_can_be_changed_and_other_log_ins_end(visit: Visit) -> None:
    here, elsewhere = visit("office"), visit("office")
    words = {"old": "wrong", "password": "a new password", "repeat": "a new password"}
    assert 'id="old-problem"' in here.post("/account", data=words).text
    changed = here.post("/account", data=words | {"old": PASSWORD}, follow_redirects=True)
    assert changed.status_code == 200
    assert "密码已修改" in changed.text
    assert elsewhere.get("/account").status_code == 303
    assert log_in(visit(), "office", "a new password").status_code == 303


def test_the_language_is_the_browsers_then_the_persons_choice(visit: Visit) -> None:
    client = visit(**{"accept-language": "en-US,en;q=0.9,zh;q=0.2"})
    assert "Log in" in client.get("/login").text
    back = client.post("/language", data={"language": "zh-Hans", "next": "/login"})
    assert (back.status_code, back.headers["location"]) == (303, "/login")
    assert "登录" in client.get("/login").text
    log_in(client, "office")
    client.post("/language", data={"language": "en"})
    elsewhere = visit("office")
    assert "Case ledger" in elsewhere.get("/").text
    client.post("/language", data={"language": "klingon"})
    assert "Case ledger" in client.get("/").text
