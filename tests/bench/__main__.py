"""`python -m tests.bench [name …]`: run benchmarks and print one line of JSON a figure."""

import importlib
import sys

from tests.bench.stage import raise_open_files

BENCHES = {
    "ingest_taps_sqlite": "tests.bench.ingest_taps_sqlite",
    "ingest_batch100_sqlite": "tests.bench.ingest_batch100_sqlite",
    "ingest_batch100_postgres": "tests.bench.ingest_batch100_postgres",
    "herd_1000x1000": "tests.bench.herd_1000x1000",
    "tap_to_commit": "tests.bench.tap_to_commit",
    "tap_to_page": "tests.bench.tap_to_page",
}
"""Name of each benchmark and its file; a file has `measure()`, which returns a figure or a list of them."""


def main(names: list[str]) -> int:
    """Run the named benchmarks, all without a name."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    raise_open_files()
    for name in names or BENCHES:
        figures = importlib.import_module(BENCHES[name]).measure()
        for figure in figures if isinstance(figures, list) else [figures]:
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
