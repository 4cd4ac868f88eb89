"""What a benchmark returns: values beside yardsticks measured in the same run, and how they are printed."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure. `ratio` is value by yardstick: for rates higher is better, for times and sizes lower."""

    bench: str
    value: float
    unit: str
    yardstick: float

    def line(self) -> str:
        """Return the figure as one line of JSON."""
        return _line(
            {"bench": self.bench, "value": round(self.value, 3), "unit": self.unit},
            {"yardstick": round(self.yardstick, 3)},
            self.value / self.yardstick if self.yardstick else None,
        )


@dataclass(frozen=True)
class BrokerFigure:
    """What the bare broker carries of the same packets: a second yardstick. `ratio` is the hub by the broker."""

    bench: str
    value: float
    hub: float

    def line(self) -> str:
        """Return the figure as one line of JSON."""
        return _line(
            {"bench": self.bench, "value": round(self.value, 3), "unit": "events/s"},
            {"hub": round(self.hub, 3)},
            self.hub / self.value,
        )


def _line(value: dict[str, object], beside: dict[str, object], ratio: float | None) -> str:
    return json.dumps({**value, **beside, "ratio": None if ratio is None else round(ratio, 3)})
