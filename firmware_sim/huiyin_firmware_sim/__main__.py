"""The command `huiyin-sim`: fleets of pretend terminals, and the demo."""

import signal
import sys
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from huiyin_shared.errors import HuiyinError, SettingsError

if TYPE_CHECKING:
    from huiyin_firmware_sim.worlds.world import Report

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
DEMO_FOLDER = Path(".demo")

# Commands import what they run themselves: the demo starts no terminals in its own process, and should start at once.


@app.callback()
def about() -> None:
    """Simulated button terminals, the demo of the whole, and worlds full of faults."""


@app.command()
def fleet(
    devices: Annotated[int, typer.Option(min=1, help="How many terminals; with --from, at most so many.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same visitors.")] = 7,
    speed: Annotated[float, typer.Option(min=0.01, help="Seconds of a hall's day that pass in one of ours.")] = 60.0,
    from_: Annotated[Path | None, typer.Option("--from", help="Folder of device files.")] = None,
    only: Annotated[str, typer.Option(help="Only device files whose names begin so.")] = "",
    rest_at: Annotated[list[str] | None, typer.Option(help="Counter whose terminal gets no visitors.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="End by itself after so long.")] = None,
    history_days: Annotated[int, typer.Option(min=0, max=400, help="Days of a past for new terminals.")] = 0,
    hub: Annotated[Path, typer.Option(help="Without --from: settings of the hub to make devices at.")] = DEMO_FOLDER
    / "hub.toml",
) -> None:
    """Let a fleet of button terminals live plausible days at a real hub."""
    from huiyin_firmware_sim.bootstrap import make_fleet

    living = make_fleet(
        folder=from_,
        hub_settings=hub,
        devices=devices,
        only=only,
        seed=seed,
        speed=speed,
        history_days=history_days,
        resting=frozenset(rest_at or ()),
        say=_say,
    )
    living.run(stop=_stop_on_signals(), seconds=seconds)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = DEMO_FOLDER,
    seconds: Annotated[float | None, typer.Option(min=1.0, help="End by itself after so long.")] = None,
    speed: Annotated[float, typer.Option(min=0.01, help="Seconds of a hall's day that pass in one of ours.")] = 60.0,
) -> None:
    """Run hub, kiosk and a dozen terminals on this machine; Ctrl-C ends them all."""
    from huiyin_firmware_sim.bootstrap import make_demo

    figures = make_demo(folder=folder.resolve(), seconds=seconds, speed=speed, say=_say).run(_stop_on_signals())
    if figures is not None:
        _say(msgspec.json.encode(figures).decode())
        sys.exit(0 if figures.check == "ok" else 1)


@app.command()
def worlds(
    seeds: Annotated[str, typer.Option(help="One seed, or first-last.")] = "0-499",
    story: Annotated[bool, typer.Option(help="Tell the story of every world, not only of broken ones.")] = False,
) -> None:
    """Live through deterministic worlds full of faults; status 1 when an invariant is broken in one of them."""
    from huiyin_firmware_sim.worlds.running import run_worlds

    summary = run_worlds(_seeds(seeds), on_report=lambda report: _tell(report, always=story))
    _say(msgspec.json.encode(summary.as_dict()).decode())
    sys.exit(1 if summary.broken else 0)


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    try:
        found = range(int(first), int(last or first) + 1)
    except ValueError:
        found = range(0)
    if not found:
        raise SettingsError(f"{text!r} names no seeds; say 7 or 0-499")
    return found


def _tell(report: "Report", *, always: bool) -> None:
    if not (always or report.violations):
        return
    _say(f"seed {report.seed}: {report.events} events, {len(report.violations)} violations")
    for line in (*report.story, *report.violations):
        _say(f"  {line}")


def _say(line: str) -> None:
    print(line, flush=True)


def _stop_on_signals() -> Event:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def main() -> None:
    """Run the command line; an error of ours is one sentence and a status, never a traceback."""
    try:
        app()
    except HuiyinError as error:
        print(f"huiyin-sim: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
