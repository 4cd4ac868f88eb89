"""The fault runs' warm parent and their clearing up."""

from collections.abc import Iterator

import pytest

from faults.rig import Nursery


@pytest.fixture(scope="session")
def warm_nursery() -> Iterator[Nursery]:
    warm = Nursery()
    yield warm
    warm.close()


@pytest.fixture
def nursery(warm_nursery: Nursery) -> Iterator[Nursery]:
    """A warm parent whose children end with the test."""
    yield warm_nursery
    warm_nursery.order("clear")
