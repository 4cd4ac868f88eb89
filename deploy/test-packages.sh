#!/bin/sh
# Installs the few Debian packages that the tests use, where this is Debian or Ubuntu and we may (root, or sudo that
# asks nothing). Elsewhere it prints the one line a person can type; the tests that miss them are then left out by name.
set -eu

missing=""
need() { # need PACKAGE PROGRAM
    if ! PATH="$PATH:/usr/sbin:/sbin" command -v "$2" >/dev/null 2>&1; then missing="$missing $1"; fi
}
need xvfb Xvfb
need xdotool xdotool
need chromium chromium
need mosquitto mosquitto
if command -v dpkg-query >/dev/null 2>&1; then
    # Software drawing for the window under Xvfb, and Chinese letters for the browser.
    for package in libgl1-mesa-dri libgl1; do
        state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
        case "$state" in ii*) ;; *) missing="$missing $package" ;; esac
    done
fi
[ -n "$missing" ] || exit 0

line="apt-get install --yes --no-install-recommends$missing"
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        root="sudo -n"
    else
        root=none
    fi
    if [ "$root" != none ]; then
        echo "==> installing what the tests need:$missing"
        export DEBIAN_FRONTEND=noninteractive
        if $root apt-get update --quiet && $root env DEBIAN_FRONTEND=noninteractive $line </dev/null; then exit 0; fi
        echo "==> apt did not succeed" >&2
    fi
fi
if [ -n "${CI:-}" ]; then
    echo "In CI nothing may be left out, and these packages are missing:$missing" >&2
    exit 1
fi
echo "Some tests are left out below, each by its name, until this has been run once:"
echo "    sudo $line"
