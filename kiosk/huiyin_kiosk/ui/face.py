"""The five faces, drawn: the expression says it, the colour only helps."""

from kivy.graphics.texture import Texture

from huiyin_kiosk.ui.drawing import Pen, arc, picture
from huiyin_kiosk.ui.palette import FACE_INK, FACE_SKINS, Colour
from huiyin_shared.survey import Level

_TEETH = Colour(1.0, 1.0, 1.0)


def face(level: Level, side: float) -> Texture:
    """Return the face of a level, `side` pixels wide."""

    skin = FACE_SKINS[level]
    rim = Colour(skin.red * 0.82, skin.green * 0.82, skin.blue * 0.82)

    def draw(pen: Pen) -> None:
        pen.colour(rim)
        pen.disc(0, 0, 0.99)
        pen.colour(skin)
        pen.disc(0, 0, 0.94)
        pen.colour(FACE_INK)
        _eyes(pen, level)
        _mouth(pen, level)

    return picture(f"face-{level}", side, draw, rim=rim)


def _eyes(pen: Pen, level: Level) -> None:
    for x in (-0.34, 0.34):
        if level == 5:
            pen.stroke(arc(x, 0.16, 0.17, 15, 165), 0.11)
        else:
            pen.disc(x, 0.24, 0.105, tall=1.25)
        if level == 1:
            side = 1 if x > 0 else -1
            pen.stroke([(x + 0.20 * side, 0.58), (x - 0.17 * side, 0.44)], 0.10)


def _mouth(pen: Pen, level: Level) -> None:
    match level:
        case 5:
            pen.fill([(-0.52, -0.10), *arc(0, -0.10, 0.52, 180, 360, tall=1.05), (0.52, -0.10)])
            pen.colour(_TEETH)
            pen.fill([(-0.43, -0.12), (0.43, -0.12), (0.40, -0.25), (-0.40, -0.25)])
        case 4:
            pen.stroke(arc(0, -0.04, 0.46, 205, 335, tall=0.95), 0.11)
        case 3:
            pen.stroke([(-0.38, -0.36), (0.38, -0.36)], 0.11)
        case 2:
            pen.stroke(arc(0, -0.74, 0.46, 37, 143, tall=0.8), 0.11)
        case 1:
            pen.stroke(arc(0, -0.80, 0.46, 22, 158, tall=1.1), 0.12)
