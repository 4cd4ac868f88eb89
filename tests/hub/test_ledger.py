"""The ledger: found by what people know of a case, paged without slowing down, moved without overwriting."""

import json

import pytest
from sqlalchemy import Engine, insert, text

from hall_stage import NOW_MS, Stage
from huiyin_hub.cases.ledger import (
    Case,
    Filter,
    count_by_state,
    find_cases,
    move_case,
    page_query,
    read_case,
    read_history,
)
from huiyin_hub.cases.moves import CaseChanged, MoveIncomplete
from huiyin_hub.cases.tables import case
from huiyin_shared.ids import StoreId, receipt_number

STORE = StoreId("7k3m9qabcdefghjk")


def found(engine: Engine, wanted: Filter) -> list[int]:
    with engine.connect() as connection:
        return [one.id for one in find_cases(connection, wanted).cases]


def whole(engine: Engine, number: int) -> Case:
    with engine.connect() as connection:
        case = read_case(connection, number)
    assert case is not None
    return case


def move(engine: Engine, seen: Case, name: str, **filled: str) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        move_case(
            connection,
            seen,
            name,
            seen_version=seen.version,
            role="central_office",
            by_account="office",
            filled=filled,
            now_ms=NOW_MS,
        )


def test_cases_are_found_by_each_field_and_by_all_together(engine: Engine) -> None:
    stage = Stage(engine)
    first = stage.open_case(1, kind="praise", counter_code="h1-c1", state="closed", text="谢谢王芳")
    second = stage.open_case(
        2, kind="complaint", counter_code="h2-c3", occurred_ms=NOW_MS - 5, contact_phone="13800001234"
    )
    assert found(engine, Filter()) == [second, first]
    assert found(engine, Filter(state="closed")) == [first]
    assert found(engine, Filter(kind="complaint")) == [second]
    assert found(engine, Filter(counters=["h1-c1"])) == [first]
    assert found(engine, Filter(counters=["h1-c1", "h2-c3"])) == [second, first]
    assert found(engine, Filter(since_ms=NOW_MS)) == [first]
    assert found(engine, Filter(until_ms=NOW_MS)) == [second]
    assert found(engine, Filter(text="王芳")) == [first]
    assert found(engine, Filter(text="0000123")) == [second]
    assert found(engine, Filter(text="100%")) == []
    assert found(engine, Filter(kind="complaint", counters=["h1-c1"])) == []


def test_a_receipt_number_is_found_as_a_person_types_it(engine: Engine) -> None:
    stage = Stage(engine)
    number = receipt_number(STORE, 42)
    wanted = stage.open_case(42, receipt=number)
    stage.open_case(43, receipt=receipt_number(STORE, 43))
    assert found(engine, Filter(text=number)) == [wanted]
    assert found(engine, Filter(text=f" {number.lower()} ")) == [wanted]


def test_pages_hold_every_case_once(engine: Engine) -> None:
    stage = Stage(engine)
    opened = [stage.open_case(n) for n in range(1, 24)]
    seen, below = [], None
    with engine.connect() as connection:
        while True:
            page = find_cases(connection, Filter(), below=below, limit=5)
            seen += [one.id for one in page.cases]
            below = page.older
            if below is None:
                break
    assert seen == opened[::-1]


@pytest.mark.parametrize(
    "wanted",
    [Filter(), Filter(state="closed"), Filter(kind="praise"), Filter(counters=["h1-c1"])],
    ids=["all", "state", "kind", "counter"],
)
def test_a_page_among_a_hundred_thousand_cases_is_read_from_an_index_without_sorting(
    engine: Engine, wanted: Filter
) -> None:
    stage = Stage(engine)
    row = {"store_id": 1, "channel": "kiosk", "staff_code": "", "category_code": "", "contact_name": ""}
    row |= {"contact_phone": "", "language": "en", "version": 1, "answer": "", "text": "words", "receipt": "R"}
    kinds, states = ("complaint", "suggestion", "praise", "enquiry"), ("received", "accepted", "answered", "closed")
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(
            insert(case),
            [
                {
                    **row,
                    "seq": n,
                    "kind": kinds[n % 4],
                    "state": states[n // 7 % 4],
                    "counter_code": f"h{n % 2 + 1}-c{n % 6 + 1}",
                    "occurred_ms": n,
                    "opened_ms": n,
                }
                for n in range(100_000)
            ],
        )
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))
    query = page_query(wanted, below=50_000, limit=50)
    sql = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            plan = " ".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
            assert "SEARCH case_" in plan
            assert "TEMP B-TREE" not in plan
        else:
            explained = connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")).scalar_one()
            plan = json.dumps(explained)
            assert "Seq Scan" not in plan
            assert '"Sort"' not in plan
            assert explained[0]["Plan"]["Actual Rows"] == 51
        assert len(find_cases(connection, wanted, below=50_000).cases) == 50
        assert sum(count_by_state(connection).values()) == 100_000
    assert stage.engine is engine


def test_a_case_is_carried_to_its_end_and_its_history_tells_how(engine: Engine) -> None:
    number = Stage(engine).open_case(1)
    move(engine, whole(engine, number), "accept")
    move(engine, whole(engine, number), "answer", answer="查明", note="内部")
    move(engine, whole(engine, number), "resume", note="不妥")
    move(engine, whole(engine, number), "answer", answer="重新查明")
    move(engine, whole(engine, number), "close", note="完")
    closed = whole(engine, number)
    assert (closed.state, closed.version, closed.answer) == ("closed", 6, "重新查明")
    with engine.connect() as connection:
        history = read_history(connection, number)
    assert [line.move for line in history] == ["received", "accept", "answer", "resume", "answer", "close"]
    assert history[2].note == "查明\n\n内部"
    assert all(line.by_account == "office" for line in history[1:])


def test_of_two_people_who_move_the_same_case_only_one_does(engine: Engine) -> None:
    number = Stage(engine).open_case(1)
    seen_by_both = whole(engine, number)
    move(engine, seen_by_both, "accept", note="mine")
    with pytest.raises(CaseChanged):
        move(engine, seen_by_both, "remark", note="too late")
    with engine.connect() as connection:
        assert [line.note for line in read_history(connection, number)] == ["", "mine"]


def test_a_move_that_lacks_its_words_writes_nothing(engine: Engine) -> None:
    number = Stage(engine).open_case(1, state="answered")
    with pytest.raises(MoveIncomplete):
        move(engine, whole(engine, number), "close", note=" ")
    assert whole(engine, number).version == 1
