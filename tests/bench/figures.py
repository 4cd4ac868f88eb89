"""What a benchmark returns: a value and a yardstick measured in the same run, and how they are printed."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure. `ratio` is value by yardstick: for rates higher is better, for times lower."""

    bench: str
    value: float
    unit: str
    yardstick: float

    def line(self) -> str:
        """Return the figure as one line of JSON."""
        return json.dumps(
            {
                "bench": self.bench,
                "value": round(self.value, 3),
                "unit": self.unit,
                "yardstick": round(self.yardstick, 3),
                "ratio": round(self.value / self.yardstick, 3) if self.yardstick else None,
            }
        )
