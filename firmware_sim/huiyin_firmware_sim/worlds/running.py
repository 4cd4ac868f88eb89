"""Run many worlds on all cores and sum up what happened."""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import structlog

from huiyin_firmware_sim.worlds.world import Report, live_through
from huiyin_hub.db.engine import open_engine, sqlite_url
from huiyin_hub.db.schema import migrate


@dataclass
class Summary:
    """The figures over all worlds; `broken` are the reports with violations."""

    worlds: int = 0
    events: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[Report] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Count one world."""
        self.worlds += 1
        self.events += report.events
        self.faults.update(report.faults)
        if report.violations:
            self.broken.append(report)

    def as_dict(self) -> dict[str, object]:
        """Return the figures as the command prints them."""
        violations = sum(len(report.violations) for report in self.broken)
        return {
            "worlds": self.worlds,
            "events": self.events,
            "faults": dict(sorted(self.faults.items())),
            "violations": violations,
        }


def run_worlds(seeds: range, *, on_report: Callable[[Report], None] = lambda _report: None) -> Summary:
    """Live through the world of every seed, on all cores, and return the sum."""
    summary = Summary()
    with tempfile.TemporaryDirectory(prefix="huiyin-worlds-") as folder:
        template = Path(folder) / "empty.db"
        make_template(template)
        for report in _reports(seeds, template):
            summary.add(report)
            on_report(report)
    return summary


def make_template(path: Path) -> None:
    """Make an empty hub database that every world copies: migrating is slow, copying is not."""
    engine = open_engine(sqlite_url(path))
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def _reports(seeds: range, template: Path) -> Iterator[Report]:
    live = partial(live_through, template=template)
    _be_quiet()
    if len(seeds) == 1:
        yield live(seeds[0])
        return
    with ProcessPoolExecutor(
        max_workers=os.cpu_count(), mp_context=get_context("spawn"), initializer=_be_quiet
    ) as pool:
        yield from pool.map(live, seeds, chunksize=8)


def _be_quiet() -> None:
    # In a world links break thousands of times; the story tells what matters.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
