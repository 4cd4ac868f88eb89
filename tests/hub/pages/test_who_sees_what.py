"""Roles: what a person may not see answers 404 with nothing in it, by whatever route."""

import pytest

from hall_stage import Stage

from .conftest import Visit

SECRET = "王芳收了我两百块钱"
PHONE = "13900008888"


@pytest.mark.parametrize(
    "path",
    ["/cases", "/cases/1", "/cases?q=13900008888", "/people", "/devices", "/completeness", "/dead-letters", "/halls/h2"]
    + [f"/halls/h2/{part}" for part in ("voices", "sources", "live")],
)
def test_a_hall_manager_finds_neither_cases_nor_foreign_halls(visit: Visit, stage: Stage, path: str) -> None:
    stage.open_case(1, text=SECRET, contact_phone=PHONE, contact_name="张三")
    stage.voice("h2-c1", 1, "queue", SECRET)
    answer = visit("manager").get(path)
    assert answer.status_code == 404
    for word in (SECRET, PHONE, "张三", "ABCDEF", "城西"):
        assert word not in answer.text
    assert answer.text == visit("manager").get("/halls/nowhere").text


def test_a_hall_manager_cannot_move_a_case(visit: Visit, stage: Stage) -> None:
    number = stage.open_case(1)
    answer = visit("manager").post(f"/cases/{number}/moves/accept", data={"version": 1})
    assert answer.status_code == 404
    assert "待受理" in visit("office").get(f"/cases/{number}").text


def test_the_own_hall_shows_scores_but_no_feedback(visit: Visit, stage: Stage) -> None:
    stage.open_case(1, text=SECRET, contact_phone=PHONE)
    stage.rate("h1-c1", (3, 1, 0, 0, 1))
    client = visit("manager")
    assert "城东营业厅" in client.get("/").text
    assert "城西营业厅" not in client.get("/").text
    board = client.get("/halls/h1")
    assert board.status_code == 200
    assert SECRET not in board.text
    assert PHONE not in board.text


@pytest.mark.parametrize("path", ["/cases", "/cases/1", "/halls/h1", "/halls/h1/live"])
def test_an_administrator_sees_neither_cases_nor_boards(visit: Visit, stage: Stage, path: str) -> None:
    stage.open_case(1, text=SECRET)
    answer = visit("admin").get(path)
    assert answer.status_code == 404
    assert SECRET not in answer.text


@pytest.mark.parametrize("path", ["/people", "/devices", "/completeness", "/dead-letters"])
def test_the_central_office_does_not_keep_accounts(visit: Visit, path: str) -> None:
    assert visit("office").get(path).status_code == 404
    assert (
        visit("office").post("/people", data={"login": "x2", "name": "x", "role": "administrator"}).status_code == 404
    )


def test_the_central_office_sees_every_hall(visit: Visit) -> None:
    client = visit("office")
    assert [client.get(f"/halls/{code}").status_code for code in ("h1", "h2", "nowhere")] == [200, 200, 404]


@pytest.mark.parametrize("path", ["/cases/0", "/cases/-1", "/cases/x", "/cases/99999999999999999999", "/cases/1%00"])
def test_addresses_of_no_case_are_not_found(visit: Visit, path: str) -> None:
    assert visit("office").get(path).status_code == 404
