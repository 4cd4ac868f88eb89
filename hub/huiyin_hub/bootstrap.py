"""The one place that names the hub's concrete parts and wires them."""

import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

import structlog
from sqlalchemy import Engine

from huiyin_hub.broker.child import wait_for_free_port
from huiyin_hub.broker.external import ExternalBroker
from huiyin_hub.broker.mosquitto import MosquittoBroker
from huiyin_hub.broker.nats import NatsBroker
from huiyin_hub.broker.passwords import new_password
from huiyin_hub.broker.port import Address, Broker, DeviceLogin, PortInUse
from huiyin_hub.db.engine import open_engine
from huiyin_hub.db.schema import migrate
from huiyin_hub.fleet.provision import BrokerForDevices, write_private
from huiyin_hub.fleet.registry import Device, Directory
from huiyin_hub.fleet.watch import FleetWatch
from huiyin_hub.fleet.wishes import DesiredWishes
from huiyin_hub.ingest.service import IngestService
from huiyin_hub.organisation.desired import desired_for_counters
from huiyin_hub.organisation.store import desired_version
from huiyin_hub.people.accounts import administrator_exists, new_setup_link
from huiyin_hub.settings import HubSettings
from huiyin_shared.errors import HuiyinError, SettingsError

BROKER_PATIENCE_S = 20.0

Say = Callable[[str], None]


class BrokerUnreachable(HuiyinError):
    """The hub could not log in at its broker."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"the broker at {address.host}:{address.port} does not let the hub in")
        self.address = address


def now_ms() -> int:
    """Return the hub's clock, Unix milliseconds."""
    return time.time_ns() // 1_000_000


def configure_logs() -> None:
    """Log to standard error, one line an event, colours only for people."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def open_database(settings: HubSettings) -> Engine:
    """Return the database, brought to this release's schema.

    Raises `SettingsError` for a data folder that cannot be used, `DatabaseUnusable` and `DatabaseNewer`.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"the data folder {settings.data_dir} cannot be made: {error.strerror}") from error
    engine = open_engine(settings.database_url)
    migrate(engine)
    return engine


def make_broker(settings: HubSettings) -> Broker:
    """Return the broker the settings name; nothing is started."""
    host, port = settings.broker_host, settings.broker_port
    if settings.broker == "external":
        password = settings.broker_password.get_secret_value()
        return ExternalBroker(Address(host, port, settings.broker_username, password, settings.protocol))
    password = _hub_password(settings)
    if settings.broker == "mosquitto":
        return MosquittoBroker(
            settings.broker_folder, host=host, port=port, protocol=settings.protocol, password=password
        )
    return NatsBroker(settings.broker_folder, host=host, port=port, password=password)


def broker_for_devices(settings: HubSettings) -> BrokerForDevices:
    """Return how devices reach the broker."""
    return BrokerForDevices(
        settings.device_broker_host or settings.broker_host, settings.broker_port, settings.protocol
    )


@contextmanager
def running_broker(settings: HubSettings, engine: Engine) -> Iterator[Broker]:
    """Run the broker and keep telling it which devices may speak."""
    broker = make_broker(settings)
    watch = FleetWatch(engine, lambda devices: broker.set_devices(_logins(devices)))
    try:
        broker.start(_logins(watch.start()))
        yield broker
    finally:
        watch.stop()
        broker.stop()


@contextmanager
def running_ingest(engine: Engine, broker: Broker) -> Iterator[IngestService]:
    """Run ingest; entered when the broker serves it. Raises `BrokerUnreachable`."""
    wishes = DesiredWishes(engine, desired_for_counters=desired_for_counters, version=desired_version)
    ingest = IngestService(engine=engine, address=broker.address, registry=Directory(engine), wishes=wishes)
    # A flush makes tens of thousands of small objects and no cycles; looking for some every 700 costs a tenth of it.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    ingest.start()
    try:
        if not ingest.connected.wait(BROKER_PATIENCE_S):
            raise BrokerUnreachable(broker.address)
        yield ingest
    finally:
        ingest.stop()


@contextmanager
def signals_set(stop: Event) -> Iterator[None]:
    """Let SIGTERM, SIGINT and SIGHUP set `stop` instead of ending the process in the middle of something."""

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, note) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def run(settings: HubSettings, say: Say) -> None:
    """Run broker, ingest and pages in this process until it is asked to stop."""
    stop = Event()
    with signals_set(stop):
        engine = open_database(settings)
        try:
            with (
                web_socket(settings) as listener,
                running_broker(settings, engine) as broker,
                running_ingest(engine, broker),
            ):
                serve_pages(settings, engine, listener, stop=stop, say=say)
        finally:
            engine.dispose()


def run_broker(settings: HubSettings, say: Say) -> None:
    """Run the broker alone until asked to stop."""
    stop = Event()
    with signals_set(stop):
        engine = open_database(settings)
        with running_broker(settings, engine) as broker:
            say(f"ready mqtt://{broker.address.host}:{broker.address.port}")
            stop.wait()
        engine.dispose()


def run_ingest(settings: HubSettings, say: Say) -> None:
    """Run ingest alone, against a broker that runs already."""
    stop = Event()
    with signals_set(stop):
        engine = open_database(settings)
        with running_ingest(engine, make_broker(settings)):
            say("ready ingest")
            stop.wait()
        engine.dispose()


def run_web(settings: HubSettings, say: Say) -> None:
    """Run the pages alone."""
    stop = Event()
    with signals_set(stop):
        engine = open_database(settings)
        with web_socket(settings) as listener:
            serve_pages(settings, engine, listener, stop=stop, say=say)
        engine.dispose()


@contextmanager
def web_socket(settings: HubSettings) -> Iterator[socket.socket]:
    """Take the pages' port before anything else starts. Raises `PortInUse` or `SettingsError`."""
    host, port = settings.web_host, settings.web_port
    wait_for_free_port(host, port, setting="web_port")
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
    except OSError:
        raise PortInUse(host=host, port=port, setting="web_port") from None
    with listener:
        yield listener


def serve_pages(settings: HubSettings, engine: Engine, listener: socket.socket, *, stop: Event, say: Say) -> None:
    """Serve the pages until a signal comes, or until `stop` was set before they were up."""
    # The pages' libraries take most of the start; commands that need no pages do without them.
    from huiyin_hub.server import PagesServer
    from huiyin_hub.web.app import make_app
    from huiyin_hub.web.settings import WebSettings

    web = WebSettings(
        language=settings.language,
        timezone=settings.timezone,
        secure=settings.address.startswith("https://"),
        idle_logout_s=settings.idle_logout_s,
    )
    app = make_app(engine=engine, settings=web, clock=now_ms)

    def on_ready() -> None:
        link = setup_link(settings, engine, only_when_needed=True)
        if link:
            say(f"no administrator yet; this link makes the first one, once, within a day: {link}")
        say(f"pages at {settings.address}")
        say(f"ready {settings.address}")

    PagesServer(app, on_ready=on_ready, stop=stop).run(sockets=[listener])


def setup_link(settings: HubSettings, engine: Engine, *, only_when_needed: bool = False) -> str:
    """Return a new one-time link for an administrator; empty when one exists and only a needed one is wanted."""
    with engine.execution_options(writes=True).begin() as connection:
        if only_when_needed and administrator_exists(connection):
            return ""
        return f"{settings.address}/setup/{new_setup_link(connection, now_ms())}"


def _logins(devices: list[Device]) -> list[DeviceLogin]:
    return [DeviceLogin(device.id, device.bcrypt, device.pbkdf2) for device in devices]


def _hub_password(settings: HubSettings) -> str:
    """Return the hub's own password at an embedded broker, made once: processes started apart share it by this file."""
    path: Path = settings.broker_folder / "hub-password"
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        password = new_password()
        write_private(path, password)
        return password
