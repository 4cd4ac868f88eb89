"""Rectangles of the screen and how to cut them up; pixels, the origin at the bottom left. No Kivy."""

from typing import NamedTuple


class Area(NamedTuple):
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def pos(self) -> tuple[float, float]:
        """Return the bottom left corner, on whole pixels so that letters stay sharp."""
        return round(self.x), round(self.y)

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height, on whole pixels."""
        return round(self.width), round(self.height)

    @property
    def center(self) -> tuple[float, float]:
        """Return the middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def inset(self, across: float, along: float | None = None) -> "Area":
        """Return the area less a margin left and right, and above and below."""
        down = across if along is None else along
        return Area(self.x + across, self.y + down, self.width - 2 * across, self.height - 2 * down)

    def cut_top(self, height: float, gap: float = 0.0) -> tuple["Area", "Area"]:
        """Return a strip off the top, and what is left below the gap."""
        strip = Area(self.x, self.y + self.height - height, self.width, height)
        return strip, Area(self.x, self.y, self.width, self.height - height - gap)

    def cut_bottom(self, height: float, gap: float = 0.0) -> tuple["Area", "Area"]:
        """Return a strip off the bottom, and what is left above the gap."""
        strip = Area(self.x, self.y, self.width, height)
        return strip, Area(self.x, self.y + height + gap, self.width, self.height - height - gap)

    def cut_left(self, width: float, gap: float = 0.0) -> tuple["Area", "Area"]:
        """Return a strip off the left, and what is left beside the gap."""
        strip = Area(self.x, self.y, width, self.height)
        return strip, Area(self.x + width + gap, self.y, self.width - width - gap, self.height)

    def cut_right(self, width: float, gap: float = 0.0) -> tuple["Area", "Area"]:
        """Return a strip off the right, and what is left beside the gap."""
        strip = Area(self.x + self.width - width, self.y, width, self.height)
        return strip, Area(self.x, self.y, self.width - width - gap, self.height)

    def columns(self, n: int, gap: float = 0.0) -> list["Area"]:
        """Return `n` equal columns, from left to right."""
        width = (self.width - gap * (n - 1)) / n
        return [Area(self.x + i * (width + gap), self.y, width, self.height) for i in range(n)]

    def rows(self, n: int, gap: float = 0.0) -> list["Area"]:
        """Return `n` equal rows, from top to bottom."""
        height = (self.height - gap * (n - 1)) / n
        return [Area(self.x, self.y + (n - 1 - i) * (height + gap), self.width, height) for i in range(n)]

    def grid(self, across: int, down: int, gap: float = 0.0) -> list["Area"]:
        """Return equal cells, row by row from the top left."""
        return [cell for row in self.rows(down, gap) for cell in row.columns(across, gap)]

    def middle(self, width: float, height: float) -> "Area":
        """Return an area of at most this size in the middle."""
        width, height = min(width, self.width), min(height, self.height)
        return Area(self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)
