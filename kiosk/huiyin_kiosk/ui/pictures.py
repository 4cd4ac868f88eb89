"""Pictures of every screen, drawn by the real screens."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kivy.base import EventLoop
from kivy.uix.widget import Widget

from huiyin_kiosk.samples import sample_states
from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.lettering import Lettering, load_font
from huiyin_kiosk.ui.measure import MM_PER_INCH, density_of, measure
from huiyin_kiosk.ui.overlay import IdleWarning
from huiyin_kiosk.ui.screens import screen_for
from huiyin_kiosk.ui.stage import Stage
from huiyin_kiosk.ui.touchable import Touchable
from huiyin_kiosk.ui.window import configure, open_window
from huiyin_shared.catalogue import Catalogue
from huiyin_shared.survey import LANGUAGES

DESKTOP_DPI = 96.0


@dataclass(frozen=True)
class Finding:
    """Something a visitor could not read or touch: what, on which picture."""

    picture: str
    what: str
    detail: str


def draw_pictures(
    *,
    catalogues: dict[str, Catalogue],
    into: Path,
    size: tuple[int, int],
    diagonal_inch: float | None,
    on_picture: Callable[[str], None],
) -> list[Finding]:
    """Draw every screen in every language in this size into PNG files; return what is wrong with them."""
    configure(width=size[0], height=size[1], fullscreen=False, show_cursor=False)
    load_font()
    window = open_window()
    EventLoop.start()
    density = density_of(*size, diagonal_inch) if diagonal_inch else DESKTOP_DPI / MM_PER_INCH
    into.mkdir(parents=True, exist_ok=True)
    findings: list[Finding] = []
    for language in LANGUAGES:
        other = next(code for code in LANGUAGES if code != language)
        stage = Stage(
            measure=measure(*size, density),
            language=language,
            texts=catalogues[language],
            other_texts=catalogues[other],
            send=lambda _happening: None,
            visit_code=lambda: "v",
            device="kiosk-1",
        )
        for name, state in sample_states(language).items():
            root = Widget(size_hint=(None, None), size=size)
            root.add_widget(screen_for(state.screen)(stage, state))
            if state.warned_ms is not None:
                warning = IdleWarning(stage)
                warning.count(12)
                root.add_widget(warning)
            title = f"{name}.{language}.{size[0]}x{size[1]}"
            window.add_widget(root)
            EventLoop.idle()
            root.export_to_png(str(into / f"{title}.png"))
            window.remove_widget(root)
            findings += _look(title, root, stage)
            on_picture(title)
    window.close()
    return findings


def _look(title: str, root: Widget, stage: Stage) -> list[Finding]:
    """Return texts that were cut off or stand over the edge, and targets that overlap or are too small."""
    findings = []
    widgets = list(root.walk(restrict=True))
    for letters in (widget for widget in widgets if isinstance(widget, Lettering)):
        if letters.cut:
            findings.append(Finding(title, "text cut off", letters.text))
        if letters.letter_size < stage.px(6.6) - 0.6:
            findings.append(Finding(title, "letters too small", letters.text))
    targets = [widget for widget in widgets if isinstance(widget, Touchable)]
    whole = stage.whole
    outside = [target for target in targets if not _inside(target.area, whole)]
    findings += [Finding(title, "target beyond the edge", target.name) for target in outside]
    for i, one in enumerate(targets):
        for other in targets[i + 1 :]:
            same_layer = one.parent is other.parent
            if same_layer and _overlap(one.area, other.area):
                findings.append(Finding(title, "targets overlap", f"{one.name} {other.name}"))
    return findings


def _inside(area: Area, whole: Area) -> bool:
    return (
        area.x >= -1
        and area.y >= -1
        and area.x + area.width <= whole.width + 1
        and area.y + area.height <= whole.height + 1
    )


def _overlap(one: Area, other: Area) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    along = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 1 and along > 1
