"""Halls, counters, staff, categories; and what devices are told of them."""

import pytest
from sqlalchemy import Connection, Engine

from huiyin_hub.fleet.registry import (
    DeviceExists,
    DeviceReserved,
    DeviceUnknown,
    Directory,
    add_device,
    devices,
    revoke,
)
from huiyin_hub.fleet.wishes import DesiredWishes
from huiyin_hub.organisation import store
from huiyin_hub.organisation.desired import desired_for_counters
from huiyin_hub.organisation.store import CounterUnknown, Names
from huiyin_shared.desired import Promise, decode_desired
from huiyin_shared.errors import InvalidId


def furnish(connection: Connection) -> None:
    store.set_organisation(connection, name=Names("云江", "Yunjiang"), promise=Names("件件有着落", "Every matter"))
    store.add_staff(connection, code="s-1", name=Names("王芳", "Wang Fang"))
    store.add_hall(connection, code="h1", name=Names("城东", "East"))
    store.add_counter(connection, code="h1-c1", hall_code="h1", name=Names("一号", "One"), staff_code="s-1", position=2)
    store.add_counter(connection, code="h1-c2", hall_code="h1", name=Names("二号", "Two"), position=1)
    store.add_hall(connection, code="h0", name=Names("空", "Empty"), position=-1)
    store.add_category(connection, code="fees", name=Names("收费", "Fees"))


def test_what_was_added_is_listed_in_its_order(engine: Engine) -> None:
    with engine.begin() as connection:
        furnish(connection)
    with engine.connect() as connection:
        assert [hall.code for hall in store.list_halls(connection)] == ["h0", "h1"]
        assert [counter.code for counter in store.list_counters(connection, "h1")] == ["h1-c2", "h1-c1"]
        counter = store.find_counter(connection, "h1-c1")
        assert counter is not None
        assert counter.staff is not None
        assert counter.staff.name.pick("en") == "Wang Fang"
        assert store.hall_of(connection, "h1-c2") == "h1"
        assert store.hall_of(connection, "h9") is None
        assert [category.name.zh for category in store.list_categories(connection)] == ["收费"]
        assert [person.code for person in store.list_staff(connection)] == ["s-1"]


def test_every_change_of_the_organisation_makes_a_new_version_for_devices(engine: Engine) -> None:
    with engine.begin() as connection:
        furnish(connection)
        before = store.desired_version(connection)
        store.seat(connection, counter_code="h1-c2", staff_code="s-1")
        assert store.desired_version(connection) == before + 1
        with pytest.raises(CounterUnknown):
            store.seat(connection, counter_code="h9", staff_code=None)


def test_a_device_is_told_its_own_counter_and_its_hall(engine: Engine) -> None:
    with engine.begin() as connection:
        assert desired_for_counters(connection) == {}
        furnish(connection)
        desired = desired_for_counters(connection)["h1-c1"]
    assert desired.own_counter().staff is not None
    assert [card.code for card in desired.counters] == ["h1-c2", "h1-c1"]
    assert desired.hall.en == "East"
    assert desired.promise == Promise("件件有着落", "Every matter")


def test_devices_are_told_again_only_when_something_changed(engine: Engine) -> None:
    wishes = DesiredWishes(engine, desired_for_counters=desired_for_counters, version=store.desired_version)
    assert wishes.all() == []
    with engine.begin() as connection:
        furnish(connection)
        add_device(connection, device="k1", counter="h1-c1", kind="kiosk", now_ms=1)
        add_device(connection, device="k2", counter="h1-c2", kind="kiosk", now_ms=2)
    told = dict(wishes.changed())
    assert sorted(told) == ["hy/v1/k1/down/desired", "hy/v1/k2/down/desired"]
    assert decode_desired(told["hy/v1/k1/down/desired"]).counter == "h1-c1"
    assert wishes.changed() == []
    with engine.begin() as connection:
        store.seat(connection, counter_code="h1-c2", staff_code="s-1")
    assert len(wishes.changed()) == 2
    with engine.begin() as connection:
        revoke(connection, "k2")
    assert wishes.changed() == [("hy/v1/k2/down/desired", b"")]
    assert [topic for topic, _ in wishes.all()] == ["hy/v1/k1/down/desired"]


def test_the_registry_refuses_what_cannot_be_a_device(engine: Engine) -> None:
    with engine.begin() as connection:
        furnish(connection)
        password = add_device(connection, device="k1", counter="h1-c1", kind="kiosk", now_ms=1)
        (known,) = devices(connection)
        assert password not in (known.bcrypt + known.pbkdf2)
        with pytest.raises(DeviceExists):
            add_device(connection, device="k1", counter="h1-c1", kind="kiosk", now_ms=1)
        with pytest.raises(InvalidId):
            add_device(connection, device="k.1", counter="h1-c1", kind="kiosk", now_ms=1)
        with pytest.raises(DeviceReserved):
            add_device(connection, device="hub", counter="h1-c1", kind="kiosk", now_ms=1)
        with pytest.raises(DeviceUnknown):
            revoke(connection, "k9")


def test_a_new_device_may_speak_at_once_and_a_revoked_one_within_a_second_no_more(engine: Engine) -> None:
    clock = [0]
    directory = Directory(engine, now_ms=lambda: clock[0])
    assert directory.standing("k1") == "unknown"
    with engine.begin() as connection:
        furnish(connection)
        add_device(connection, device="k1", counter="h1-c1", kind="kiosk", now_ms=1)
    clock[0] += 20
    assert directory.standing("k1") == "active"
    with engine.begin() as connection:
        revoke(connection, "k1")
    clock[0] += 1_000
    assert directory.standing("k1") == "revoked"
