"""Kivy's window, set up for a kiosk: no way out by keys, no cursor, no second source of the same touch."""

from typing import Any

from kivy.config import Config

from huiyin_shared.errors import HuiyinError


class NoWindow(HuiyinError):
    """Kivy could not open a window."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("no window could be opened on this display; try --display offscreen or headless")


def configure(*, width: int, height: int, fullscreen: bool, show_cursor: bool) -> None:
    """Set Kivy's options; must be called before the first window is opened."""
    settings = {
        ("graphics", "width"): str(width),
        ("graphics", "height"): str(height),
        ("graphics", "fullscreen"): "auto" if fullscreen else "0",
        ("graphics", "resizable"): "1",
        ("graphics", "multisamples"): "0",  # Smooth shapes are drawn smooth; software drivers refuse or crawl.
        ("graphics", "maxfps"): "60",
        ("graphics", "show_cursor"): "1" if show_cursor else "0",
        ("kivy", "exit_on_escape"): "0",
        ("kivy", "log_level"): "warning",
        ("kivy", "keyboard_mode"): "",
    }
    for (section, key), value in settings.items():
        Config.set(section, key, value)
    # Touches come through the window. Kivy's own reader of /dev/input would deliver each of them a second time.
    for name, _ in Config.items("input"):
        Config.remove_option("input", name)
    Config.set("input", "mouse", "mouse,disable_multitouch")


def open_window() -> Any:
    """Open the window and return it. Raises `NoWindow`."""
    from kivy.core.window import Window

    if Window is None:
        raise NoWindow
    return Window
