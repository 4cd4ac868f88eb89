"""What stands before every page: other sites' posts, framing, huge bodies, nonsense."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from hall_stage import PASSWORD, Stage

from .conftest import Visit


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One engine is enough here: nothing of the guard is in the database."""
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    ],
)
def test_posts_of_other_sites_are_refused(visit: Visit, stage: Stage, headers: dict[str, str]) -> None:
    number = stage.open_case(1)
    client = visit("office")
    refused = client.post(f"/cases/{number}/moves/accept", data={"version": 1}, headers=headers)
    assert refused.status_code == 403
    assert "请求被拒绝" in refused.text
    assert "state-received" in client.get(f"/cases/{number}").text


def test_posts_of_our_own_pages_pass(visit: Visit, address: str) -> None:
    words = {"login": "office", "password": PASSWORD}
    for headers in ({"origin": address}, {"sec-fetch-site": "same-origin"}, {}):
        assert visit().post("/login", data=words, headers=headers).status_code == 303


@pytest.mark.parametrize("path", ["/login", "/", "/halls/h1", "/nowhere", "/static/app.css", "/cases"])
def test_every_answer_carries_the_security_headers(visit: Visit, path: str) -> None:
    answer = visit("manager").get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == ("no-cache" if "static" in path else "no-store")


def test_no_page_holds_inline_scripts_styles_or_handlers(visit: Visit, stage: Stage) -> None:
    stage.rate("h1-c1", (5, 4, 3, 2, 1))
    number = stage.open_case(1)
    for login, path in (
        ("office", "/"),
        ("office", "/halls/h1"),
        ("office", "/cases"),
        ("office", f"/cases/{number}"),
        ("admin", "/people"),
        ("admin", "/devices"),
        ("admin", "/completeness"),
    ):
        page = visit(login).get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert "<script>" not in page


def test_huge_bodies_are_refused_whether_or_not_they_say_their_size(visit: Visit) -> None:
    client = visit()
    assert client.post("/login", data={"login": "x" * 300_000}).status_code == 413
    headers = {"content-type": "application/x-www-form-urlencoded"}
    chunks = (b"login=" + b"x" * 50_000 for _ in range(10))
    assert client.post("/login", content=chunks, headers=headers).status_code == 413


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"login=%ff%00&password=%00", "application/x-www-form-urlencoded"),
        (b'{"login": 1}', "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"nothing", "multipart/form-data"),
        (b"", "text/plain"),
    ],
)
def test_nonsense_forms_are_client_errors(visit: Visit, content: bytes, kind: str) -> None:
    answer = visit().post("/login", content=content, headers={"content-type": kind})
    assert 400 <= answer.status_code < 500
    assert "text/html" in answer.headers["content-type"]


def test_an_upload_where_a_field_belongs_is_refused(visit: Visit) -> None:
    answer = visit().post("/login", files={"login": ("a.txt", b"x")})
    assert 400 <= answer.status_code < 500


def test_faults_are_pages_in_the_readers_language(visit: Visit) -> None:
    client = visit(**{"accept-language": "en"})
    assert "Not found" in client.get("/nowhere").text
    assert client.put("/login").status_code == 405
    assert "Not supported" in client.put("/login").text
    assert "找不到页面" in visit().get("/nowhere").text


def test_a_database_that_fails_is_a_page_that_tells_nothing(visit: Visit, stage: Stage) -> None:
    client, number = visit("office"), stage.open_case(1)
    with stage.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE case_history RENAME TO elsewhere")
    answer = client.get(f"/cases/{number}")
    assert answer.status_code == 500
    assert "系统出错" in answer.text
    assert "case_history" not in answer.text
    assert answer.headers["content-security-policy"]


def test_with_https_cookies_are_bound_to_this_host(stage: Stage) -> None:
    secure = Stage(stage.engine, stage.clock, replace(stage.settings, secure=True))
    with secure.served() as address:
        answer = httpx.post(f"{address}/login", data={"login": "office", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-huiyin=")
    assert "secure" in cookie
    assert "domain" not in cookie
    assert answer.headers["strict-transport-security"]
