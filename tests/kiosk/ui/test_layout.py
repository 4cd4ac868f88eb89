"""Sizes, lines and colours, without a screen."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.lines import LINE_HEIGHT, balanced, break_lines, fit
from huiyin_kiosk.ui.measure import BODY, density_of, measure
from huiyin_kiosk.ui.palette import FACE_INK, FACE_SKINS, KIND_SKINS, ON_BRAND, TEXT_PAIRS, contrast


def width(text: str, size: int) -> float:
    """As wide as Chinese is: a square for each letter; half of one for Latin."""
    return sum(size if ord(letter) > 0x2E7F else size / 2 for letter in text)


@pytest.mark.parametrize("pair", TEXT_PAIRS)
def test_every_text_stands_out_from_its_ground(pair: tuple[object, object]) -> None:
    assert contrast(*pair) >= 4.5  # type: ignore[arg-type]


def test_faces_and_signs_can_be_told_from_their_ground() -> None:
    assert all(contrast(FACE_INK, skin) >= 4.5 for skin in FACE_SKINS.values())
    assert all(contrast(ON_BRAND, skin) >= 4.5 for skin in KIND_SKINS.values())


@pytest.mark.parametrize(("size", "diagonal"), [((1280, 800), 15.6), ((800, 1280), 15.6), ((1920, 1080), 21.5)])
def test_a_unit_is_at_least_a_millimetre_where_the_screen_allows(size: tuple[int, int], diagonal: float) -> None:
    density = density_of(*size, diagonal)
    assert measure(*size, density).unit >= density
    assert BODY * 0.733 >= 4.8  # capitals of Noto Sans SC are 0.733 of the letter size


def test_a_small_screen_gets_everything_smaller_rather_than_cut_off() -> None:
    small = measure(800, 480, density_of(800, 480, 7))
    assert small.height / small.unit >= 135


def test_chinese_breaks_between_letters_but_no_line_begins_with_a_comma() -> None:
    lines = break_lines("等待时间太长，排了一个多小时。希望多开窗口", 10, 60, width)
    assert "".join(lines) == "等待时间太长，排了一个多小时。希望多开窗口"
    assert not any(line[0] in "，。" for line in lines)


def test_english_breaks_between_words() -> None:
    assert break_lines("The wait was too long", 10, 60, width) == ["The wait was", "too long"]


def test_no_single_letter_is_left_on_the_last_line() -> None:
    text = "有人或有事让您满意"
    lines = break_lines(text, 10, 80, width)
    assert lines[-1] == "意"
    assert len(balanced(lines, text, 10, 80, width)[-1]) >= 4


def test_what_cannot_fit_ends_in_an_ellipsis_and_says_so() -> None:
    fitted = fit("很长" * 40, sizes=(20, 15, 10), room=(100, 30), width=width)
    assert fitted.cut
    assert fitted.lines[-1].endswith("…")
    assert fitted.size == 10


@given(st.text(max_size=200), st.floats(20, 400))
def test_whatever_the_text_no_line_is_wider_than_its_room(text: str, room: float) -> None:
    lines = break_lines(text, 10, room, width)
    assert all(width(line.rstrip(), 10) <= room or len(line.rstrip()) == 1 for line in lines)
    kept = "".join("".join(lines).split())
    assert kept == "".join(text.split())


@given(st.text(min_size=1, max_size=60), st.floats(30, 300), st.floats(15, 200))
def test_what_fits_really_fits(text: str, across: float, down: float) -> None:
    fitted = fit(text, sizes=(30, 22, 16, 10), room=(across, down), width=width)
    if not fitted.cut:
        assert len(fitted.lines) * fitted.size * LINE_HEIGHT <= down + fitted.size + 1


def test_areas_cut_up_cover_the_whole_without_overlap() -> None:
    cells = Area(10, 20, 300, 200).grid(3, 2, 5)
    assert len(cells) == 6
    assert cells[0].y > cells[3].y
    for left, right in pairwise(cells[:3]):
        assert right.x - (left.x + left.width) == pytest.approx(5)
