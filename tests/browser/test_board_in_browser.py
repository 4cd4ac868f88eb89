"""The hall board in a real browser: numbers move in place, and the page says when they no longer do."""

import pytest
from playwright.sync_api import expect

from hall_stage import Stage

from .conftest import OpenPage

pytestmark = pytest.mark.needs_chromium


def test_a_rating_moves_the_score_in_place(open_page: OpenPage, stage: Stage) -> None:
    stage.rate("h1-c1", (9, 0, 0, 0, 0))
    page = open_page("manager", "/halls/h1")
    card = page.locator('[data-counter="h1-c1"]')
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    expect(card.locator('[data-text="n"]')).to_have_text("9")
    page.evaluate("window.sameDocument = true")
    stage.rate("h1-c1", (0, 0, 0, 0, 1))
    expect(card.locator('[data-text="n"]')).to_have_text("10")
    expect(card.locator('[data-text="share"]')).to_have_text("90.0%")
    expect(card.locator('[data-text="interval"]')).to_have_text("95% 区间 59.6% – 98.2%")
    expect(card.locator('[data-level="1"]')).to_have_text("1")
    expect(page.locator('[data-total] [data-text="bad"]')).to_have_text("1")
    expect(page.locator('[data-row="h1-c1"] [data-text="n"]')).to_have_text("10")
    assert page.evaluate("window.sameDocument")


def test_words_and_reasons_come_by_themselves(open_page: OpenPage, stage: Stage) -> None:
    page = open_page("manager", "/halls/h1")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("今天还没有留言。")).to_be_visible()
    stage.voice("h1-c2", 1, "queue", "<b>等了一小时</b>")
    expect(page.get_by_text("<b>等了一小时</b>")).to_be_visible()
    expect(page.get_by_role("rowheader", name="排队等候")).to_be_visible()


def test_the_charts_are_drawn_and_have_tables_behind_them(open_page: OpenPage, stage: Stage) -> None:
    stage.rate("h1-c3", (20, 3, 1, 1, 0))
    page = open_page("manager", "/halls/h1")
    for chart in ("compare", "trend"):
        expect(page.locator(f'[data-chart="{chart}"] canvas')).to_be_visible()
    page.get_by_text("数据表").first.click()
    expect(page.locator('[data-row="h1-c3"] [data-text="share"]')).to_have_text("96.0%")
    page.get_by_text("今日逐时数据").click()
    expect(page.locator("[data-hours-table] tbody tr").nth(2)).to_contain_text("25 (1)")
    page.get_by_text("数据表").nth(1).click()
    today = page.locator("[data-trend-table] tbody tr").last
    expect(today).to_contain_text("25")
    page.locator("[data-trend-choice]").select_option("h1-c1")
    expect(today).to_contain_text("–")


def test_a_board_whose_session_ended_says_so_and_leads_to_the_log_in(open_page: OpenPage, address: str) -> None:
    page = open_page("manager", "/halls/h1")
    expect(page.locator(".live")).to_have_attribute("data-state", "live")
    # Parts of the page that refresh themselves would lead to the log-in too, whichever asks first.
    page.route("**/*quiet=1", lambda route: route.fulfill(status=204))
    page.context.request.post("/logout")
    expect(page.locator(".live")).to_have_attribute("data-state", "ended")
    page.locator(".live a").click()
    expect(page.get_by_label("登录名")).to_be_visible()
    assert page.url == f"{address}/login?next=%2Fhalls%2Fh1"


def test_a_board_whose_hub_is_gone_says_so(open_page: OpenPage, stage: Stage) -> None:
    with Stage(stage.engine, stage.clock).served() as second:
        # The browser itself complains of the lost line.
        page = open_page("manager", f"{second}/halls/h1", quiet=False)
        expect(page.locator(".live")).to_have_attribute("data-state", "live")
    expect(page.locator(".live")).to_have_attribute("data-state", "lost")
    expect(page.locator("[data-live-words]")).to_have_text("连接中断，正在重连")
