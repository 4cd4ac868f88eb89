"""Five hundred worlds hold; every planted bug is found; a seed tells the same story twice."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from huiyin_firmware_sim.worlds.faults import FAULTS
from huiyin_firmware_sim.worlds.running import make_template, run_worlds
from huiyin_firmware_sim.worlds.world import live_through

from .planted import PLANTED, Plant


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("worlds") / "empty.db"
    make_template(path)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield path
    structlog.reset_defaults()


@pytest.mark.timeout(600)
def test_five_hundred_worlds_hold() -> None:
    summary = run_worlds(range(500))
    assert [(r.seed, r.violations[:3]) for r in summary.broken] == []
    assert summary.worlds == 500
    assert summary.events > 100_000
    assert set(summary.faults) == set(FAULTS)


def test_a_seed_tells_the_same_story_twice(template: Path) -> None:
    assert live_through(55, template) == live_through(55, template)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_the_worlds_find_a_planted_bug(plant: Plant, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    for seed in range(150):
        try:
            if live_through(seed, template).violations:
                return
        except Exception:  # noqa: BLE001 - a planted bug may also end in a traceback, which a person would see
            return
    pytest.fail("150 worlds and nobody noticed")
