"""A demo organisation: two halls of six counters with staff, a service catalogue, accounts, a kiosk, terminals."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from huiyin_hub.fleet.provision import BrokerForDevices, device_file, write_private
from huiyin_hub.fleet.registry import DeviceKind, add_device
from huiyin_hub.organisation.store import (
    Names,
    add_category,
    add_counter,
    add_hall,
    add_staff,
    find_organisation,
    set_organisation,
)
from huiyin_hub.people.accounts import create_account
from huiyin_hub.people.roles import Role

KIOSK = "kiosk-1"
COUNTERS_PER_HALL = 6

ORGANISATION = Names("云江供电公司", "Yunjiang Power")
PROMISE = Names(
    "限时办结：一般业务当场办理，投诉三个工作日内答复。收费公示，首问负责。服务监督就在您面前的这块屏幕上。",
    "Everyday matters are settled at once, complaints answered within three working days. Fees are posted; whoever you "
    "ask first stays responsible. Tell us here how we did.",
)
HALLS = (("h1", Names("城东营业厅", "East Gate Hall")), ("h2", Names("滨江营业厅", "Riverside Hall")))
STAFF = (
    Names("王芳", "Wang Fang"),
    Names("李建国", "Li Jianguo"),
    Names("张敏", "Zhang Min"),
    Names("刘洋", "Liu Yang"),
    Names("陈静", "Chen Jing"),
    Names("杨伟", "Yang Wei"),
    Names("赵丽", "Zhao Li"),
    Names("黄强", "Huang Qiang"),
    Names("周婷", "Zhou Ting"),
    Names("吴磊", "Wu Lei"),
    Names("徐梅", "Xu Mei"),
    Names("孙涛", "Sun Tao"),
)
CATEGORIES = (
    ("attitude", Names("服务态度", "Staff manner")),
    ("delay", Names("超时办理", "Beyond the promised time")),
    ("fees", Names("收费与电费", "Fees and bills")),
    ("buck_passing", Names("推诿扯皮", "Sent from one to another")),
    ("improper", Names("办理差错", "Handled wrongly")),
    ("online", Names("网上办理", "Online services")),
    ("environment", Names("厅内环境", "The hall")),
    ("guidance", Names("指引与材料", "Guidance and papers")),
    ("designation", Names("指定设计、施工、供货", "Forced choice of contractor")),
    ("extortion", Names("吃拿卡要", "Asking for favours")),
    ("retaliation", Names("打击报复", "Retaliation")),
    ("inaction", Names("不作为", "Nothing was done")),
    ("other", Names("其它", "Other")),
)


@dataclass(frozen=True)
class _Person:
    login: str
    name: str
    role: Role
    halls: tuple[str, ...] = ()


PEOPLE = (
    _Person("manager-h1", "何晓红", "hall_manager", ("h1",)),
    _Person("manager-h2", "马志远", "hall_manager", ("h2",)),
    _Person("office", "林雅文", "central_office"),
    _Person("admin", "郑凯", "administrator"),
)


def load(connection: Connection, *, folder: Path, broker: BrokerForDevices, now_ms: int) -> bool:
    """Fill an empty hub and write `accounts.json` and `devices/*.toml` into `folder`; return False if it is not empty.

    The files are written before the caller's COMMIT: without them nobody would know the passwords.
    """
    if find_organisation(connection) is not None:
        return False
    _add_organisation(connection)
    _add_devices(connection, folder / "devices", broker, now_ms)
    accounts = [_add_account(connection, person) for person in PEOPLE]
    write_private(folder / "accounts.json", json.dumps(accounts, ensure_ascii=False, indent=1) + "\n")
    return True


def _add_organisation(connection: Connection) -> None:
    set_organisation(connection, name=ORGANISATION, promise=PROMISE)
    for position, (code, name) in enumerate(CATEGORIES):
        add_category(connection, code=code, name=name, position=position)
    for number, name in enumerate(STAFF, 1):
        add_staff(connection, code=f"s-{number:02}", name=name)
    for hall_number, (hall, name) in enumerate(HALLS):
        add_hall(connection, code=hall, name=name, position=hall_number)
        for place in range(1, COUNTERS_PER_HALL + 1):
            add_counter(
                connection,
                code=f"{hall}-c{place}",
                hall_code=hall,
                name=Names(f"{place}号窗口", f"Counter {place}"),
                staff_code=f"s-{hall_number * COUNTERS_PER_HALL + place:02}",
                position=place,
            )


def _add_devices(connection: Connection, folder: Path, broker: BrokerForDevices, now_ms: int) -> None:
    counters = [f"{hall}-c{place}" for hall, _ in HALLS for place in range(1, COUNTERS_PER_HALL + 1)]
    wanted: list[tuple[str, str, DeviceKind]] = [(KIOSK, counters[0], "kiosk")]
    wanted += [(f"t-{number:02}", counter, "terminal") for number, counter in enumerate(counters, 1)]
    for device, counter, kind in wanted:
        password = add_device(connection, device=device, counter=counter, kind=kind, now_ms=now_ms)
        text = device_file(device=device, password=password, counter=counter, broker=broker)
        write_private(folder / f"{device}.toml", text)


def _add_account(connection: Connection, person: _Person) -> dict[str, object]:
    password = secrets.token_urlsafe(9)
    create_account(
        connection, login=person.login, name=person.name, role=person.role, password=password, halls=person.halls
    )
    return {"login": person.login, "password": password, "role": person.role, "halls": list(person.halls)}
