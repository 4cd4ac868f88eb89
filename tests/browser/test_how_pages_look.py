"""Every page, in both languages, wide and narrow, full and empty: nothing runs out of the screen, nothing complains.

With HUIYIN_PICTURES=folder the pages are left there as pictures, for people to look at.
"""

import os
import random
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import insert

from hall_stage import DAY_MS, HOUR_MS, NOW_MS, Stage, add_case, add_ratings
from huiyin_hub.fleet.incidents import KINDS, Incident, note_incidents
from huiyin_hub.fleet.registry import add_device
from huiyin_hub.fleet.tables import device_status
from huiyin_hub.ingest.tables import event, store
from huiyin_hub.people.accounts import new_setup_link
from huiyin_hub.scores.tables import hour_reopened

from .conftest import OpenPage

pytestmark = pytest.mark.needs_chromium

LOOKS = [(language, size) for language in ("zh-Hans", "en") for size in ((1366, 900), (420, 860))]
MOODS = (0.96, 0.93, 0.55, 0.97, 0.9, 0.95)


def fill(stage: Stage) -> None:
    """Play a week at the hall from a seed."""
    dice = random.Random(7)
    stage.clock.ms = NOW_MS + 5 * HOUR_MS
    with stage.writing() as connection:
        for (counter, mood), day, hour in product(enumerate(MOODS, start=1), range(7), range(-6, 1)):
            levels = [0] * 5
            for _ in range(dice.randint(0, 6) if counter < 6 else dice.randint(0, 1)):
                good = dice.random() < mood
                levels[dice.choice((0, 0, 0, 1, 1, 2)) if good else dice.choice((3, 3, 4))] += 1
            at_ms = stage.clock.ms - day * DAY_MS + hour * HOUR_MS
            add_ratings(connection, f"h1-c{counter}", levels, at_ms=at_ms)
        for n in range(1, 60):
            kind = ("complaint", "suggestion", "praise", "enquiry")[n % 4]
            text = ("排队两个小时，没有人解释，工作人员态度冷淡，希望改进。", "The meter was read wrongly twice. " * 9)[
                n % 2
            ]
            values = {"kind": kind, "text": text, "contact_name": "张先生", "contact_phone": "138 0000 1234"}
            add_case(connection, n, at_ms=stage.clock.ms, **values)
    for n, words in enumerate(
        ("办理速度很快，谢谢！", "等了四十分钟才叫到号，窗口只开了两个。", "x" * 200, "Very helpful.")
    ):
        stage.voice(f"h1-c{n + 1}", (5, 1, 2, 5)[n], ("speed", "queue", "place", "clarity")[n], words)


def fill_fleet(stage: Stage) -> None:
    """Put devices on the stage whose stores stand in every way there is, with every alarm."""
    now_ms = stage.clock.ms
    # number, device, store, told, here, ended, successor
    stores = [
        (1, "kiosk-1", "0123456789abcdef", 4_813, 4_812, "", ""),
        (2, "kiosk-2", "1123456789abcdef", 981, 902, "damaged", "2123456789abcdef"),
        (3, "kiosk-2", "2123456789abcdef", 13, 12, "", ""),
        (4, "kiosk-3", "3123456789abcdef", 12_345, 12_001, "", ""),
        (5, "kiosk-3", "4123456789abcdef", 1, 0, "", ""),
        (6, "terminal-of-the-far-corner-12", "5123456789abcdef", 301, 200, "", ""),
        (7, "terminal-4", "6123456789abcdef", 100, 99, "forked", "7123456789abcdef"),
        (8, "terminal-4", "7123456789abcdef", 2, 1, "", ""),
    ]
    speaks = {device: name for _, device, name, *_ in stores}
    with stage.writing() as connection:
        for index, device in enumerate(speaks):
            add_device(connection, device=device, counter=f"h1-c{index + 1}", kind="kiosk", now_ms=now_ms)
            heard = {"conn": "c", "head_next": 1, "version": "0.1.0", "halted": "fork" if index == 4 else ""}
            room = {"refused": 17 if index == 3 else 0, "free_kb": (48_000_000, 512_000, None, 0, 2_000)[index]}
            row = {"device_id": device, "store": speaks[device], "online": True, "backlog": index, "heard_ms": now_ms}
            connection.execute(insert(device_status).values(**heard, **room, **row))
        for number, device, name, told, here, ended, successor in stores:
            row = {"id": number, "device_id": device, "store": name, "next_seq": here + 1, "head": b"", "ended": ended}
            times = {"first_heard_ms": now_ms, "last_heard_ms": now_ms, "replaced_ms": ended == "damaged"}
            connection.execute(insert(store).values(told_next=told, successor=successor, **row, **times))
        for seq in (*range(905, 930), *range(940, 971, 2)):
            row = {"line": b"", "kind": "dead", "occurred_ms": 0, "error_ms": 0, "received_ms": 0}
            connection.execute(insert(event).values(store_id=2, seq=seq, **row))
        detail = "goes on as 2123456789abcdef with 41 carried events; damaged; lost: 903…904"
        for kind, device in zip(KINDS, (*speaks, *speaks), strict=False):
            note_incidents(connection, [Incident(device, speaks[device], kind, detail, now_ms + at) for at in (0, 90)])
        for hour, n in ((-3, 4), (-1, 1)):
            row = {"hour_ms": (now_ms + hour * HOUR_MS) // HOUR_MS * HOUR_MS, "n": n, "last_ms": now_ms}
            connection.execute(insert(hour_reopened).values(counter_code="h1-c1", **row))


def look(page: Page, name: str, language: str, size: tuple[int, int]) -> None:
    page.wait_for_load_state("load")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size[0], f"{name} is {width} wide"
    if folder := os.environ.get("HUIYIN_PICTURES"):
        page.wait_for_timeout(600)
        page.screenshot(path=Path(folder) / f"{name}-{language}-{size[0]}.png", full_page=True)


@pytest.mark.parametrize(("language", "size"), LOOKS)
@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
def test_no_page_runs_out_of_the_screen(
    open_page: OpenPage, stage: Stage, language: str, size: tuple[int, int], full: bool
) -> None:
    with stage.writing() as connection:
        token = new_setup_link(connection, stage.clock())
    if full:
        fill(stage)
        fill_fleet(stage)
    stage.open_case(100, state="answered", answer="已经改正。" * 40, text="x" * 300)
    pages = {
        "": ("/login", f"/setup/{token}"),
        "manager": ("/", "/halls/h1"),
        "office": ("/", "/cases", "/cases/1", "/cases?q=nothing", "/account"),
        "admin": ("/", "/people", "/devices", "/completeness", "/dead-letters"),
    }
    for login, paths in pages.items():
        page = open_page(login, paths[0], language=language, size=size)
        for path in paths:
            page.goto(path)
            name = f"{login or 'nobody'}{path.replace('/' + token, '').replace('/', '-').replace('?', '-')}"
            look(page, f"{name}-{'full' if full else 'empty'}", language, size)
