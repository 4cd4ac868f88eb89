"""The command `huiyin-kiosk`."""

import logging
import re
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from huiyin_kiosk.bootstrap import Options, draw_pictures, run_kiosk
from huiyin_kiosk.display import Wish
from huiyin_kiosk.settings import load_settings
from huiyin_shared.errors import HuiyinError, SettingsError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.callback()
def about() -> None:
    """The screen at a counter where visitors rate and speak."""


@app.command()
def run(
    settings: Annotated[Path, typer.Option(help="The device's TOML file, as the hub wrote it.")],
    windowed: Annotated[str, typer.Option(help="Size of the window, as in 1280x800.")] = "",
    display: Annotated[Wish, typer.Option(help="Where to draw; auto takes the best there is.")] = "auto",
    demo_visitor: Annotated[
        float | None, typer.Option(min=0.5, help="Let a pretend visitor come every so many seconds.")
    ] = None,
    announce_screens: Annotated[bool, typer.Option(hidden=True, help="Print each screen and its targets.")] = False,
) -> None:
    """Serve visitors until Ctrl-C."""
    options = Options(
        display=display,
        size=_size(windowed) if windowed else None,
        visitor_every_s=demo_visitor,
        announce_screens=announce_screens,
    )
    run_kiosk(load_settings(settings), options, say=_say)


@app.command()
def pictures(
    into: Annotated[Path, typer.Option(help="Folder for the PNG files.")],
    size: Annotated[str, typer.Option(help="Size of the screen, as in 1280x800.")] = "1280x800",
    diagonal_inch: Annotated[float | None, typer.Option(min=3, max=120, help="Size of a real screen.")] = None,
) -> None:
    """Draw every screen in every language; status 1 when a text is cut off or a target cannot be touched."""
    if not draw_pictures(into, size=_size(size), diagonal_inch=diagonal_inch, say=_say):
        sys.exit(1)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,5})x(\d{3,5})", text)
    if found is None:
        raise SettingsError(f"{text!r} is not a size like 1280x800")
    return int(found[1]), int(found[2])


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """Run the command line; an error of ours is one sentence and a status, never a traceback."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)  # Kivy lowers the level of its logger when it is imported.
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", handlers=[handler])
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        app()
    except HuiyinError as error:
        print(f"huiyin-kiosk: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
