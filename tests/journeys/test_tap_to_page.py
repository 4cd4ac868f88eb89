"""The main job, walked as people walk it: a real window, a real pointer, a real broker, a real hub, a real browser."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .hall import Hall, Kiosk, wait_for

pytestmark = [pytest.mark.needs_xvfb, pytest.mark.needs_chromium, pytest.mark.timeout(240)]

COUNT = "[data-counter=h1-c1] [data-text=n]"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def hall(tmp_path: Path, stack: ExitStack) -> Hall:
    hall = Hall(tmp_path, stack)
    hall.start_hub()
    return hall


def test_a_touch_on_a_face_moves_the_managers_score_without_a_reload(
    hall: Hall, browser: Browser, stack: ExitStack, tmp_path: Path
) -> None:
    kiosk = Kiosk(tmp_path / "devices" / "kiosk-1.toml", stack, tmp_path)
    attract = kiosk.targets("Attract")
    page = hall.browse(browser, "manager-h1", "/halls/h1")
    assert page.text_content(COUNT) == "0"
    page.evaluate("window.stillTheSamePage = true")

    kiosk.touch(attract["face-5"])

    wait_for(lambda: page.text_content(COUNT) == "1")
    wait_for(lambda: hall.check()["ratings"] == 1)
    assert page.evaluate("window.stillTheSamePage") is True


def test_a_complaint_typed_while_the_hub_is_dead_becomes_one_case_in_the_ledger(
    hall: Hall, browser: Browser, stack: ExitStack, tmp_path: Path
) -> None:
    kiosk = Kiosk(tmp_path / "devices" / "kiosk-1.toml", stack, tmp_path)
    attract = kiosk.targets("Attract")
    assert hall.hub is not None
    hall.hub.end(signal.SIGKILL)

    # The hub is gone; the visitor notices nothing and is thanked, because the kiosk has it on disk.
    kiosk.touch(attract["face-1"])
    kiosk.touch(kiosk.targets("Reasons")["leave"])
    kiosk.touch(kiosk.targets("Attract")["door"])
    kiosk.touch(kiosk.targets("Kinds")["kind-complaint"])
    kiosk.touch(kiosk.targets("About")["categories-attitude"])
    kiosk.touch(kiosk.targets("About")["next"])
    telling = kiosk.targets("Telling")
    kiosk.touch(telling["phrase-1"])
    telling = kiosk.targets("Telling")
    for letter in "ok":
        kiosk.touch(telling[f"key-{letter}"])
        kiosk.targets("Telling")
    kiosk.touch(telling["next"])
    kiosk.touch(kiosk.targets("ContactChoice")["contact-anonymous"])
    kiosk.targets("Thanks")

    hall.start_hub()
    wait_for(lambda: hall.check()["cases"] == 1)
    checked = hall.check()
    assert (checked["events"], checked["ratings"]) == (2, 1)

    page = hall.browse(browser, "office", "/cases")
    page.click("a.receipt")
    main = page.text_content("main") or ""
    assert "ok" in main
    assert "投诉" in main
    assert hall.browse(browser, "manager-h1", "/halls/h1").text_content(COUNT) == "1"
