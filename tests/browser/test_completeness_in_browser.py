"""An administrator follows an alarm from the devices to its store, and closes it."""

import re

import pytest
from playwright.sync_api import expect

from hall_stage import NOW_MS, Stage
from huiyin_hub.fleet.incidents import Incident, note_incidents
from huiyin_hub.fleet.keys import pin_keys
from huiyin_hub.fleet.registry import add_device
from huiyin_hub.fleet.status import Heard, note_statuses
from huiyin_hub.ingest.cursors import add_stores, note_told
from huiyin_shared.frames import Status
from huiyin_shared.ids import StoreId

from .conftest import OpenPage

pytestmark = pytest.mark.needs_chromium

STORE = "0123456789abcdef"


def speak(stage: Stage, *, told: int) -> None:
    with stage.writing() as connection:
        note_told(connection, [(("k1", STORE), told)])
        note_statuses(
            connection, [Heard("k1", Status(t="birth", conn="c", store=StoreId(STORE), next=told), NOW_MS, False)]
        )


def test_an_alarm_is_followed_to_its_store_and_seen_to(open_page: OpenPage, stage: Stage) -> None:
    with stage.writing() as connection:
        add_device(connection, device="k1", counter="h1-c1", kind="kiosk", now_ms=NOW_MS)
        add_stores(connection, [("k1", STORE)], NOW_MS)
        pin_keys(connection, {"k1": ("00", NOW_MS)})
        note_incidents(connection, [Incident("k1", STORE, kind, "", NOW_MS) for kind in ("disk_full", "key_changed")])
    speak(stage, told=1)
    page = open_page("admin", "/devices", language="en")
    expect(page.get_by_role("link", name="2 alarms to see to")).to_be_visible()
    page.get_by_role("link", name="Stores k1").click()
    expect(page).to_have_url(re.compile(r"/completeness\?device=k1$"))
    expect(page.get_by_role("heading", name="Disk full")).to_be_visible()
    page.locator("li", has_text="Disk full").get_by_role("button", name="Seen to").click()
    expect(page.get_by_role("heading", name="Disk full")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/completeness\?device=k1$"))
    page.get_by_role("button", name="Accept new key").click()
    expect(page.get_by_role("heading", name="Key changed")).to_have_count(0)
    expect(page.get_by_role("cell", name="nothing recorded yet")).to_be_visible()
    speak(stage, told=43)
    expect(page.get_by_text("1…42")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("On its way").first).to_be_visible()


def test_the_page_works_without_scripts(open_page: OpenPage, stage: Stage) -> None:
    with stage.writing() as connection:
        add_device(connection, device="k1", counter="h1-c1", kind="kiosk", now_ms=NOW_MS)
        note_incidents(connection, [Incident("k1", STORE, "fork", "", NOW_MS)])
    page = open_page("admin", "/completeness", scripts=False)
    page.get_by_label("设备").select_option("k1")
    page.get_by_role("button", name="查看").click()
    page.get_by_role("button", name="已处理").click()
    expect(page.get_by_role("heading", name="历史分叉")).to_have_count(0)
