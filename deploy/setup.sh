#!/bin/sh
# Makes .venv once and fills it from the hash-locked requirement files.
#
#   deploy/setup.sh run     what the product needs to run, and the project itself
#   deploy/setup.sh test    the same and what the tests need
#   deploy/setup.sh assets  htmx and ECharts for the pages
#
# A step whose inputs have not changed since it last succeeded is left out: its stamp holds their checksum.
# Works as root or not, asks nothing. PYTHON names the interpreter to use.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
locks=deploy/requirements

say() { printf '\033[1m==>\033[0m %s\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' >/dev/null 2>&1; }

# Kivy has wheels up to Python 3.13: an interpreter with wheels is preferred to a newer one.
find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if fits "$name" && "$name" -c 'import sys; sys.exit(sys.version_info[:2] > (3, 13))'; then
            echo "$name"
            return
        fi
    done
    for name in ${PYTHON:-python3}; do
        if fits "$name"; then
            echo "$name"
            return
        fi
    done
    fail "no Python of version 3.11 or newer was found; name one with make PYTHON=/path/to/python3"
}

# The folder is part of every stamp: a virtual environment that was moved or copied does not work.
checksum() { { pwd; cat "$@"; } | cksum | tr ' ' '-'; }
fresh() { [ "$(cat "$venv/stamp-$1" 2>/dev/null)" = "$2" ]; }
stamp() { echo "$2" >"$venv/stamp-$1"; }

make_venv() {
    wanted=$(checksum "$0")
    if fresh venv "$wanted" && "$venv/bin/python" -c '' 2>/dev/null; then return; fi
    python=$(find_python)
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv" >"$venv.log" 2>&1 || {
        cat "$venv.log" >&2
        rm -f "$venv.log"
        fail "this Python cannot make virtual environments (Debian and Ubuntu keep that in the package python3-venv)"
    }
    rm -f "$venv.log"
    # uv installs several times faster than pip and shows what it does; where it is not to be had, pip does the work.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: uv ||
        say "uv is not to be had here: going on with pip, which takes longer"
    stamp venv "$wanted"
}

# uv does not read pip's settings, so a mirror that this machine's pip was told to use is handed on.
pip_setting() { "$venv/bin/python" -m pip config get "global.$1" 2>/dev/null || true; }

install() {
    if [ -x "$venv/bin/uv" ]; then
        mirror=${PIP_INDEX_URL:-$(pip_setting index-url)}
        if [ -n "$mirror" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$mirror}"; fi
        # Compiled now, once: where Python may not write beside its modules, every start would compile them again.
        if "$venv/bin/uv" pip install --compile-bytecode --python "$venv/bin/python" "$@"; then return; fi
        say "uv did not succeed: trying once more with pip"
    fi
    "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar on "$@"
}

install_lock() {
    wanted=$(checksum "$locks/$1.txt")
    if fresh "$1" "$wanted"; then return; fi
    say "installing from $locks/$1.txt"
    install --require-hashes --no-deps --requirement "$locks/$1.txt"
    stamp "$1" "$wanted"
}

install_project() {
    wanted=$(checksum pyproject.toml)
    if fresh project "$wanted"; then return; fi
    say "installing the project itself (editable)"
    install --no-build-isolation --no-deps --editable .
    stamp project "$wanted"
}

build_assets() {
    wanted=$(checksum hub/web-assets/package-lock.json hub/web-assets/build.py)
    if fresh assets "$wanted" && [ -d hub/huiyin_hub/web/static/vendor ]; then return; fi
    # npm comes by pip where the machine has none.
    if ! command -v npm >/dev/null 2>&1; then install_lock assets; fi
    say "fetching the pages' scripts (htmx, ECharts)"
    "$venv/bin/python" hub/web-assets/build.py
    stamp assets "$wanted"
}

make_venv
case "${1:-}" in
run) install_lock all && install_project ;;
test) install_lock dev && install_project ;;
assets) build_assets ;;
*) fail "say what for: run, test or assets" ;;
esac
