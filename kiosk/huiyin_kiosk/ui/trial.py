"""Whether a window can be opened and drawn in here at all."""

from kivy.base import EventLoop
from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from huiyin_kiosk.ui.window import configure, open_window


def draw_once() -> None:
    """Open a small window and draw two frames."""
    configure(width=320, height=200, fullscreen=False, show_cursor=False)
    window = open_window()
    widget = Widget()
    with widget.canvas:
        Color(0.2, 0.5, 0.4, 1)
        Rectangle(size=(320, 200))
    window.add_widget(widget)
    EventLoop.start()
    EventLoop.idle()
    EventLoop.idle()
    window.close()
