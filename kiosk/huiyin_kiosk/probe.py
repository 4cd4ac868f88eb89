"""Try whether a display mode works: a process of its own that opens a window, draws once, and ends with status 0."""

import os
import sys
from pathlib import Path

from huiyin_kiosk.bootstrap import try_display


def main() -> None:
    """Try the mode named in the environment."""
    try_display(os.environ["HUIYIN_PROBE_MODE"], Path(os.environ["HUIYIN_PROBE_DATA"]))
    sys.exit(0)


if __name__ == "__main__":
    main()
