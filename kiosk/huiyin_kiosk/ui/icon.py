"""The few signs the screens use, drawn like the faces."""

from collections.abc import Callable
from math import cos, pi, sin

from kivy.graphics.texture import Texture

from huiyin_kiosk.ui.drawing import Pen, arc, picture
from huiyin_kiosk.ui.palette import Colour

_W = 0.15


def icon(name: str, side: float, colour: Colour, *, ground: Colour | None = None) -> Texture:
    """Return a sign, `side` pixels wide, on a disc of `ground` when one is given."""

    def draw(pen: Pen) -> None:
        if ground is not None:
            pen.colour(ground)
            pen.disc(0, 0, 0.99)
            pen = pen.shrunk(0.62)
        pen.colour(colour)
        SIGNS[name](pen)

    return picture(f"{name} {colour} {ground}", side, draw, rim=ground or colour)


def _back(pen: Pen) -> None:
    pen.stroke([(0.28, 0.62), (-0.34, 0.0), (0.28, -0.62)], _W * 1.2)


def _forward(pen: Pen) -> None:
    pen.stroke([(-0.28, 0.62), (0.34, 0.0), (-0.28, -0.62)], _W * 1.2)


def _cross(pen: Pen) -> None:
    pen.stroke([(-0.55, 0.55), (0.55, -0.55)], _W * 1.2)
    pen.stroke([(-0.55, -0.55), (0.55, 0.55)], _W * 1.2)


def _check(pen: Pen) -> None:
    pen.stroke([(-0.62, -0.02), (-0.18, -0.46), (0.64, 0.46)], _W * 1.5)


def _bubble(pen: Pen) -> None:
    outline = [*arc(-0.56, 0.46, 0.3, 180, 90), *arc(0.56, 0.46, 0.3, 90, 0), *arc(0.56, -0.16, 0.3, 0, -90)]
    outline += [(-0.1, -0.46), (-0.5, -0.84), (-0.44, -0.46), *arc(-0.56, -0.16, 0.3, -90, -180)]
    pen.stroke(outline, _W, close=True)


def _complaint(pen: Pen) -> None:
    _bubble(pen)
    pen.stroke([(0.0, 0.48), (0.0, 0.12)], _W)
    pen.disc(0.0, -0.16, 0.10)


def _enquiry(pen: Pen) -> None:
    _bubble(pen)
    pen.stroke([*arc(0.0, 0.3, 0.21, 175, -55), (0.0, 0.04)], _W)
    pen.disc(0.0, -0.2, 0.095)


def _suggestion(pen: Pen) -> None:
    pen.stroke([(-0.24, -0.4), (-0.26, -0.2), *arc(0.0, 0.28, 0.54, 222, -42), (0.26, -0.2), (0.24, -0.4)], _W)
    pen.stroke([(-0.26, -0.42), (0.26, -0.42)], _W)
    pen.stroke([(-0.2, -0.68), (0.2, -0.68)], _W)
    pen.disc(0.0, -0.86, 0.09)


def _praise(pen: Pen) -> None:
    points = []
    for i in range(10):
        radius = 0.86 if i % 2 == 0 else 0.40
        angle = pi / 2 + i * pi / 5
        points.append((radius * cos(angle), radius * sin(angle)))
    pen.stroke(points, _W, close=True)


def _person(pen: Pen) -> None:
    pen.disc(0.0, 0.36, 0.36)
    pen.fill([(0.0, -0.82), (0.68, -0.82), *arc(0.0, -0.74, 0.68, 0, 180), (-0.68, -0.82)])


def _unnamed(pen: Pen) -> None:
    pen.stroke(arc(0.0, 0.40, 0.33, 0, 360), _W)
    pen.stroke([(-0.66, -0.80), *arc(0.0, -0.74, 0.66, 180, 0), (0.66, -0.80)], _W)
    pen.stroke([(-0.8, 0.84), (0.8, -0.84)], _W)


def _phone(pen: Pen) -> None:
    pen.stroke([(-0.42, 0.86), (0.42, 0.86), (0.42, -0.86), (-0.42, -0.86)], _W, close=True)
    pen.stroke([(-0.12, -0.62), (0.12, -0.62)], _W * 0.8)


def _pencil(pen: Pen) -> None:
    pen.stroke([(-0.74, -0.74), (-0.62, -0.26), (0.44, 0.78), (0.80, 0.44), (-0.24, -0.62)], _W, close=True)
    pen.stroke([(0.20, 0.54), (0.56, 0.20)], _W)


def _erase(pen: Pen) -> None:
    pen.stroke([(-0.92, 0.0), (-0.40, 0.58), (0.88, 0.58), (0.88, -0.58), (-0.40, -0.58)], _W, close=True)
    pen.stroke([(-0.04, 0.24), (0.44, -0.24)], _W)
    pen.stroke([(-0.04, -0.24), (0.44, 0.24)], _W)


def _shift(pen: Pen) -> None:
    pen.stroke(
        [(0.0, 0.78), (0.72, 0.02), (0.32, 0.02), (0.32, -0.66), (-0.32, -0.66), (-0.32, 0.02), (-0.72, 0.02)],
        _W,
        close=True,
    )


def _space(pen: Pen) -> None:
    pen.stroke([(-0.9, 0.1), (-0.9, -0.3), (0.9, -0.3), (0.9, 0.1)], _W)


def _alarm(pen: Pen) -> None:
    pen.stroke([(0.0, 0.62), (0.0, -0.12)], _W * 1.5)
    pen.disc(0.0, -0.55, 0.15)


def _echo(pen: Pen) -> None:
    """The sign of Huiyin: a voice and its echo."""
    pen.disc(-0.50, 0.0, 0.20)
    for radius in (0.50, 0.86, 1.22):
        pen.stroke(arc(-0.50, 0.0, radius, -42, 42), _W)


SIGNS: dict[str, Callable[[Pen], None]] = {
    "back": _back,
    "forward": _forward,
    "cross": _cross,
    "check": _check,
    "complaint": _complaint,
    "suggestion": _suggestion,
    "praise": _praise,
    "enquiry": _enquiry,
    "person": _person,
    "unnamed": _unnamed,
    "phone": _phone,
    "pencil": _pencil,
    "erase": _erase,
    "shift": _shift,
    "space": _space,
    "alarm": _alarm,
    "echo": _echo,
}
