"""The ledger and a case's life in a real browser, with and without scripts."""

import pytest
from playwright.sync_api import expect

from hall_stage import Stage

from .conftest import OpenPage

pytestmark = pytest.mark.needs_chromium


def test_searching_narrows_the_ledger_while_typing(open_page: OpenPage, stage: Stage) -> None:
    for n in range(1, 4):
        stage.open_case(n, text=f"第{n}件")
    page = open_page("office", "/cases")
    expect(page.locator("#rows tr")).to_have_count(3)
    page.get_by_label("搜索").press_sequentially("第2")
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page.locator("#rows")).to_contain_text("第2件")
    assert "q=%E7%AC%AC2" in page.url
    page.reload()
    expect(page.get_by_label("搜索")).to_have_value("第2")
    expect(page.locator("#rows tr")).to_have_count(1)


def test_older_cases_are_added_below(open_page: OpenPage, stage: Stage) -> None:
    for n in range(1, 61):
        stage.open_case(n)
    page = open_page("office", "/cases")
    expect(page.locator("#rows .receipt")).to_have_count(50)
    page.get_by_text("显示更早的工单").click()
    expect(page.locator("#rows .receipt")).to_have_count(60)
    expect(page.get_by_text("显示更早的工单")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_case_is_carried_to_its_end(open_page: OpenPage, stage: Stage, scripts: bool) -> None:
    stage.open_case(1)
    page = open_page("office", "/cases", scripts=scripts)
    page.get_by_role("link", name="ABCDEF-1-X").click()
    state = page.locator(".head .chip.big")
    page.get_by_role("button", name="受理").click()
    expect(state).to_have_text("办理中")
    page.get_by_role("button", name="答复").click()
    expect(page.get_by_text("请填写此项。")).to_be_visible()
    page.get_by_label("答复内容").fill("已经改正。")
    page.get_by_role("button", name="答复").click()
    expect(state).to_have_text("已答复")
    page.get_by_label("说明").first.fill("完成")
    page.get_by_role("button", name="办结").click()
    expect(state).to_have_text("已办结")
    expect(page.locator(".history li")).to_have_count(4)


def test_everything_can_be_reached_by_keyboard(open_page: OpenPage, stage: Stage) -> None:
    stage.open_case(1)
    page = open_page("", "/login")
    page.keyboard.type("office")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("跳到正文")).to_be_focused()
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert "工单台账" in reached
    assert "退出" in reached
    assert any("城东营业厅" in text for text in reached)
