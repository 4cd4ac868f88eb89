"""The command `huiyin-hub`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from huiyin_shared.errors import HuiyinError, SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The hub of Huiyin.")
device_app = typer.Typer(no_args_is_help=True, help="Devices: add, list, revoke, rekey.")
app.add_typer(device_app, name="device")

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="TOML file; environment variables HUIYIN_HUB_… win over it.")
]
Into = Annotated[Path | None, typer.Option("--into", help="Folder to write the devices' files into.")]

# Commands import what they run themselves: `huiyin-hub --help` need not load a web server.


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


@app.command()
def run(settings: SettingsFile = None) -> None:
    """Run everything in one process: broker, ingest and pages. Ctrl-C ends it."""
    from huiyin_hub import bootstrap
    from huiyin_hub.settings import load_settings

    bootstrap.configure_logs()
    bootstrap.run(load_settings(settings), say)


@app.command()
def broker(settings: SettingsFile = None) -> None:
    """Run the embedded broker alone."""
    from huiyin_hub import bootstrap
    from huiyin_hub.settings import load_settings

    bootstrap.configure_logs()
    bootstrap.run_broker(load_settings(settings), say)


@app.command()
def ingest(settings: SettingsFile = None) -> None:
    """Run ingest alone; the broker runs already."""
    from huiyin_hub import bootstrap
    from huiyin_hub.settings import load_settings

    bootstrap.configure_logs()
    bootstrap.run_ingest(load_settings(settings), say)


@app.command()
def web(settings: SettingsFile = None) -> None:
    """Run the pages alone."""
    from huiyin_hub import bootstrap
    from huiyin_hub.settings import load_settings

    bootstrap.configure_logs()
    bootstrap.run_web(load_settings(settings), say)


@app.command()
def check(
    settings: SettingsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON instead of text.")] = False,
) -> None:
    """Verify the invariants of the database against the events' own bytes; status 1 when one is broken.

    Events that devices have announced and that are not here, and incidents nobody has seen to, are named as notes.
    """
    from huiyin_hub import bootstrap
    from huiyin_hub.check import check as verify
    from huiyin_hub.settings import load_settings

    report = verify(bootstrap.open_database(load_settings(settings)))
    verdict = "ok" if report.holds else "broken"
    if as_json:
        counts = {name: getattr(report, name) for name in ("events", "ratings", "dead", "cases", "stores", "devices")}
        invariants = [{"name": item.name, "holds": item.holds, "breaks": item.breaks} for item in report.invariants]
        noted = {
            "completeness": {"complete": report.complete, "to_look_at": [asdict(line) for line in report.to_look_at]},
            "incidents": [asdict(one) for one in report.incidents],
        }
        say(json.dumps({"check": verdict, **counts, "invariants": invariants, **noted}, ensure_ascii=False))
    else:
        say(f"{report.events} events of {report.stores} stores, {report.ratings} ratings, {report.cases} cases")
        for item in report.invariants:
            say(f"{'holds ' if item.holds else 'BROKEN'}  {item.text}")
            for text in item.breaks:
                say(f"          {text}")
        for text in report.notes:
            say(f"note    {text}")
        say(f"check {verdict}")
    sys.exit(0 if report.holds else 1)


@app.command(name="demo-data")
def demo_data(
    into: Annotated[Path, typer.Option("--into", help="Folder for the demo's settings, accounts and devices.")],
    settings: SettingsFile = None,
) -> None:
    """Fill an empty hub with a demo organisation, accounts and devices; does nothing when it is not empty."""
    from huiyin_hub import bootstrap
    from huiyin_hub import demo_data as demo
    from huiyin_hub.settings import load_settings

    try:
        into.mkdir(parents=True, exist_ok=True)
        if settings is None:
            settings = into / "hub.toml"
            if not settings.exists():
                settings.write_text('# Every setting is described in hub/huiyin_hub/settings.py\ndata_dir = "hub"\n')
    except OSError as error:
        raise SettingsError(f"the folder {into} cannot be written to: {error.strerror}") from error
    wanted = load_settings(settings)
    engine = bootstrap.open_database(wanted)
    with engine.execution_options(writes=True).begin() as connection:
        made = demo.load(
            connection, folder=into, broker=bootstrap.broker_for_devices(wanted), now_ms=bootstrap.now_ms()
        )
    engine.dispose()
    say(f"demo data made; accounts in {into / 'accounts.json'}" if made else "the hub has an organisation already")


@app.command()
def organisation(
    file: Annotated[Path, typer.Argument(help="TOML file; deploy/organisation.example.toml shows how.")],
    settings: SettingsFile = None,
) -> None:
    """Add or change halls, counters, staff and the service catalogue as a file describes them."""
    from huiyin_hub import bootstrap
    from huiyin_hub.organisation.loading import load_organisation, read_organisation
    from huiyin_hub.settings import load_settings

    found = read_organisation(file)
    engine = bootstrap.open_database(load_settings(settings))
    with engine.execution_options(writes=True).begin() as connection:
        load_organisation(connection, found)
    engine.dispose()
    counters = sum(len(hall.counters) for hall in found.halls)
    say(f"{len(found.halls)} halls, {counters} counters, {len(found.staff)} staff, {len(found.categories)} categories")


@app.command(name="account-link")
def account_link(settings: SettingsFile = None) -> None:
    """Print a new one-time link that makes an administrator; older unused ones end."""
    from huiyin_hub import bootstrap
    from huiyin_hub.settings import load_settings

    wanted = load_settings(settings)
    say(bootstrap.setup_link(wanted, bootstrap.open_database(wanted)))


@device_app.command(name="add")
def device_add(
    device: Annotated[str, typer.Argument(help="Lower-case letters, digits, - and _.")],
    counter: Annotated[str, typer.Option("--counter", help="Code of the counter it stands at.")],
    kind: Annotated[str, typer.Option("--kind", help="kiosk or terminal")] = "kiosk",
    into: Into = None,
    settings: SettingsFile = None,
) -> None:
    """Register a device and write or print its settings file."""
    from huiyin_hub import devices

    devices.add(device, counter=counter, kind=kind, into=into, settings=settings, say=say)


@device_app.command(name="add-many")
def device_add_many(
    number: Annotated[int, typer.Argument(min=1, max=10_000)],
    prefix: Annotated[str, typer.Option("--prefix", help="Devices are called PREFIX-01, PREFIX-02 and so on.")],
    into: Into = None,
    settings: SettingsFile = None,
) -> None:
    """Register many terminals, spread over all counters in turn."""
    from huiyin_hub import devices

    devices.add_many(number, prefix=prefix, into=into, settings=settings, say=say)


@device_app.command(name="list")
def device_list(settings: SettingsFile = None) -> None:
    """List all devices."""
    from huiyin_hub import devices

    devices.list_all(settings=settings, say=say)


@device_app.command(name="revoke")
def device_revoke(
    device: Annotated[str, typer.Argument()],
    settings: SettingsFile = None,
) -> None:
    """Let a device speak no more."""
    from huiyin_hub import devices

    devices.revoke(device, settings=settings, say=say)


@device_app.command(name="rekey")
def device_rekey(
    device: Annotated[str, typer.Argument()],
    settings: SettingsFile = None,
) -> None:
    """Believe the next key a device proves to hold: after its key file was lost, never without knowing why."""
    from huiyin_hub import devices

    devices.rekey(device, settings=settings, say=say)


def main() -> None:
    """Run the command line; an error of ours is one sentence and a status, never a traceback."""
    try:
        app()
    except HuiyinError as error:
        print(f"huiyin-hub: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
