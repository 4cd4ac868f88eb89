"""Smooth pictures without image files: shapes are drawn four times as large and scaled down twice."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import cos, pi, sin

from kivy.graphics import Callback, ClearBuffers, ClearColor, Color, Ellipse, Fbo, Line, Mesh, Rectangle
from kivy.graphics.opengl import GL_ONE, GL_ONE_MINUS_SRC_ALPHA, GL_SRC_ALPHA, GL_ZERO, glBlendFunc, glBlendFuncSeparate
from kivy.graphics.texture import Texture

from huiyin_kiosk.ui.palette import Colour

Point = tuple[float, float]

_pictures: dict[tuple[str, int], Texture] = {}


class Pen:
    """Draws on a square from -1 to 1 in both directions, all of it `scale` times as large around the middle."""

    def __init__(self, side: float, scale: float = 1.0) -> None:
        self._side = side
        self._half = side / 2 * scale

    def shrunk(self, scale: float) -> "Pen":
        """Return a pen for the same square that draws smaller around the middle."""
        return Pen(self._side, scale)

    def colour(self, colour: Colour) -> None:
        """Go on in this colour."""
        Color(*colour)

    def disc(self, x: float, y: float, radius: float, *, tall: float = 1.0) -> None:
        """Fill a circle, or an ellipse `tall` times as high."""
        wide, high = radius * self._half, radius * tall * self._half
        at_x, at_y = self._at((x, y))
        Ellipse(pos=(at_x - wide, at_y - high), size=(2 * wide, 2 * high), segments=96)

    def stroke(self, points: Sequence[Point], width: float, *, close: bool = False) -> None:
        """Draw a line with round ends through the points."""
        flat = [part for point in points for part in self._at(point)]
        Line(points=flat, width=width * self._half / 2, cap="round", joint="round", close=close)

    def fill(self, points: Sequence[Point]) -> None:
        """Fill a convex shape."""
        vertices: list[float] = []
        for point in points:
            vertices += [*self._at(point), 0, 0]
        Mesh(vertices=vertices, indices=list(range(len(points))), mode="triangle_fan")

    def _at(self, point: Point) -> Point:
        middle = self._side / 2
        return middle + self._half * point[0], middle + self._half * point[1]


def arc(x: float, y: float, radius: float, start: float, end: float, *, tall: float = 1.0) -> list[Point]:
    """Return points of a part of a circle; degrees, 0 to the right, counter-clockwise."""
    steps = 32
    angles = [(start + (end - start) * i / steps) * pi / 180 for i in range(steps + 1)]
    return [(x + radius * cos(a), y + radius * tall * sin(a)) for a in angles]


def picture(name: str, side: float, draw: Callable[[Pen], None], *, rim: Colour) -> Texture:
    """Return the square picture `name` of `side` pixels, drawn once and kept.

    `rim` is the colour at its outer edge: what is clear around it has that colour too, so that no dark line appears.
    """
    pixels = max(8, round(side))
    key = (name, pixels)
    if key not in _pictures:
        large, half, small = _scratch(4 * pixels), _scratch(2 * pixels), Fbo(size=(pixels, pixels))
        clear = (*rim[:3], 0.0)
        large.clear()
        with large:
            ClearColor(*clear)
            ClearBuffers()
            draw(Pen(4 * pixels))
        large.draw()
        _copy(large, half, clear)
        _copy(half, small, clear)
        _pictures[key] = small.texture
    return _pictures[key]


@lru_cache(maxsize=2)
def _scratch(pixels: int) -> Fbo:
    """Return a canvas to draw on for a moment; the last ones are kept, for pictures come in sizes of a kind."""
    return Fbo(size=(pixels, pixels))


def _copy(larger: Fbo, smaller: Fbo, clear: tuple[float, ...]) -> None:
    texture = larger.texture
    texture.min_filter = texture.mag_filter = "linear"
    smaller.clear()
    with smaller:
        ClearColor(*clear)
        ClearBuffers()
        Callback(lambda _: glBlendFunc(GL_ONE, GL_ZERO))  # Copy: blending would apply the opacity twice.
        Color(1, 1, 1, 1)
        Rectangle(texture=texture, size=smaller.size)
        Callback(lambda _: glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE))
    smaller.draw()
