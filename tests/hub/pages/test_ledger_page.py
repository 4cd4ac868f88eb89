"""The ledger page and the case page, as the central office works with them."""

import re

from hall_stage import HOUR_MS, NOW_MS, Stage

from .conftest import Visit


def receipts(html: str) -> list[str]:
    return re.findall(r'class="receipt" href="/cases/\d+">([^<]+)<', html)


def test_the_ledger_lists_newest_first_and_counts_each_state(visit: Visit, stage: Stage) -> None:
    stage.open_case(1)
    stage.open_case(2, state="closed", kind="praise")
    page = visit("office").get("/cases").text
    assert receipts(page) == ["ABCDEF-2-X", "ABCDEF-1-X"]
    assert re.search(r"待受理 <b>1</b>", page)
    assert re.search(r"全部 <b>2</b>", page)


def test_filters_narrow_the_ledger_and_stay_filled_in(visit: Visit, stage: Stage) -> None:
    stage.open_case(1, kind="praise", counter_code="h2-c1", text="谢谢")
    stage.open_case(2, kind="complaint", counter_code="h1-c2", text="100% 不满意", occurred_ms=NOW_MS - 40 * HOUR_MS)
    client = visit("office")
    for query, found in (
        ({"kind": "praise"}, ["ABCDEF-1-X"]),
        ({"hall": "h1"}, ["ABCDEF-2-X"]),
        ({"counter": "h2-c1"}, ["ABCDEF-1-X"]),
        ({"q": "0% 不"}, ["ABCDEF-2-X"]),
        ({"q": "_"}, []),
        ({"since": "2026-11-22"}, ["ABCDEF-1-X"]),
        ({"until": "2026-11-21"}, ["ABCDEF-2-X"]),
        ({"state": "answered"}, []),
        ({"q": "谢\x00谢"}, ["ABCDEF-1-X"]),
    ):
        page = client.get("/cases", params=query)
        assert page.status_code == 200, query
        assert receipts(page.text) == found, query
    assert '<option value="praise" selected>' in client.get("/cases?kind=praise").text
    assert "没有符合条件的工单" in client.get("/cases?state=answered").text
    assert "没有符合条件的工单" not in client.get("/cases").text


def test_a_wrong_filter_is_told_beside_its_field(visit: Visit) -> None:
    client = visit("office")
    page = client.get("/cases?since=yesterday&kind=rant")
    assert page.status_code == 422
    assert '<p class="problem" id="since-problem">日期不正确。</p>' in page.text
    assert 'id="kind-problem"' in page.text
    assert client.get("/cases?since=2026-11-22&until=2026-11-01").status_code == 422
    assert client.get("/cases?below=x").status_code == 404


def test_older_cases_are_added_below_and_every_case_comes_once(visit: Visit, stage: Stage) -> None:
    for n in range(1, 121):
        stage.open_case(n)
    client = visit("office")
    seen, address = [], "/cases"
    while address:
        page = client.get(address).text
        seen += receipts(page)
        more = re.search(r'hx-get="(/cases\?below=\d+)"', page)
        address = more[1] if more else ""
        if address:
            part = client.get(address, headers={"hx-request": "true"}).text
            assert "<html" not in part
            assert receipts(part)
    assert seen == [f"ABCDEF-{n}-X" for n in range(120, 0, -1)]


def test_what_visitors_wrote_stays_text(visit: Visit, stage: Stage) -> None:
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202etxt'
    number = stage.open_case(1, text=attack, contact_name="<b>x</b>")
    stage.voice("h1-c1", 1, "queue", attack)
    for path in ("/cases", f"/cases/{number}", "/halls/h1"):
        page = visit("office").get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>x</b>" not in page


def test_a_case_is_accepted_answered_and_closed_on_its_page(visit: Visit, stage: Stage) -> None:
    number = stage.open_case(1, contact_phone="13800001234")
    client = visit("office")
    page = client.get(f"/cases/{number}").text
    assert "13800001234" in page
    for version, (move, words, state) in enumerate(
        (
            ("accept", {"note": ""}, "办理中"),
            ("answer", {"answer": "已增开窗口。"}, "已答复"),
            ("close", {"note": "回访满意"}, "已办结"),
        ),
        start=1,
    ):
        done = client.post(f"/cases/{number}/moves/{move}", data={"version": version, **words}, follow_redirects=True)
        assert done.status_code == 200
        assert '<span class="chip big state-' in done.text
        assert re.search(rf'chip big state-\w+">{state}<', done.text)
    assert "已增开窗口。" in done.text
    assert "周敏" in done.text
    assert "/moves/" not in done.text


def test_an_anonymous_complaint_says_so(visit: Visit, stage: Stage) -> None:
    assert "匿名" in visit("office").get(f"/cases/{stage.open_case(1)}").text


def test_an_empty_answer_is_told_beside_the_field_and_nothing_is_written(visit: Visit, stage: Stage) -> None:
    number = stage.open_case(1, state="accepted")
    client = visit("office")
    refused = client.post(f"/cases/{number}/moves/answer", data={"version": 1, "answer": " ", "note": "kept words"})
    assert refused.status_code == 422
    assert '<p class="problem" id="answer-answer-problem">请填写此项。</p>' in refused.text
    assert "kept words" in refused.text
    assert "chip big state-accepted" in client.get(f"/cases/{number}").text


def test_two_people_at_one_case_the_second_sees_the_conflict_and_keeps_their_words(visit: Visit, stage: Stage) -> None:
    number = stage.open_case(1)
    first, second = visit("office"), visit("office2")
    assert first.post(f"/cases/{number}/moves/accept", data={"version": 1}).status_code == 303
    late = second.post(f"/cases/{number}/moves/remark", data={"version": 1, "note": "my <long> words"})
    assert late.status_code == 409
    assert "my &lt;long&gt; words" in late.text
    assert "周敏" in late.text
    assert "my &lt;long&gt; words" not in second.get(f"/cases/{number}").text


def test_a_move_from_the_wrong_state_or_unknown_is_refused(visit: Visit, stage: Stage) -> None:
    number = stage.open_case(1)
    client = visit("office")
    assert client.post(f"/cases/{number}/moves/close", data={"version": 1, "note": "x"}).status_code == 409
    assert client.post(f"/cases/{number}/moves/delete", data={"version": 1}).status_code == 422
    assert client.post(f"/cases/{number}/moves/accept", data={"version": "x"}).status_code == 409
    assert client.post("/cases/999/moves/accept", data={"version": 1}).status_code == 404
