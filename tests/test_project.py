"""Tests on the project itself: locks, catalogues, rules that keep no clock, commands that are documented."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message

ROOT = Path(__file__).parents[1]
UNITS = sorted(path.parent for path in ROOT.glob("*/huiyin_*/py.typed"))
LOCKS = sorted((ROOT / "deploy" / "requirements").glob("*.txt"))
SOURCES = [path for unit in UNITS for path in sorted(unit.rglob("*.py"))]
RULES = re.compile(
    r"huiyin_shared/(?!catalogue)\w+\.py|huiyin_kiosk/visit/.*|huiyin_kiosk/sync/engine\.py|.*/rules\.py"
    r"|cases/moves\.py|ingest/(engine|timekeeping)\.py|huiyin_firmware_sim/(plan|latency)\.py"
)


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # also what is about to be committed
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_every_locked_package_has_its_hash_and_no_lock_names_a_registry() -> None:
    assert [lock.stem for lock in LOCKS] == ["all", "assets", "dev", "hub", "kiosk", "sim"]
    for lock in LOCKS:
        text = lock.read_text(encoding="utf-8")
        packages = re.findall(r"^[a-z0-9][^=\n]*==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(packages) == len(re.findall("^[a-z0-9]", text, re.MULTILINE)) > 0
        assert "://" not in text
        assert "index-url" not in text


def test_the_locks_hold_everything_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    extras = project["project"]["optional-dependencies"]
    asked = {
        **{extra: [*project["project"]["dependencies"], *wished] for extra, wished in extras.items()},
        "all": [*project["project"]["dependencies"], *(name for wished in extras.values() for name in wished)],
        "dev": [*groups["dev"], *groups["build"]],
        "assets": groups["assets"],
    }
    for lock, wished in asked.items():
        locked = set(
            re.findall("^([a-z0-9-]+)==", (ROOT / f"deploy/requirements/{lock}.txt").read_text(), re.MULTILINE)
        )
        names = {re.split(r"[\[<>=;! ]", name)[0].lower().replace(".", "-").replace("_", "-") for name in wished}
        assert names <= locked, f"{lock}.txt is behind pyproject.toml: run make lock"


@pytest.mark.parametrize("folder", sorted(path for unit in UNITS for path in unit.rglob("messages")), ids=str)
def test_every_catalogue_says_the_same_things_in_every_language(folder: Path) -> None:
    def variables(text: str) -> dict[str, set[str]]:
        entries = FluentParser().parse(text).body
        messages = [entry for entry in entries if isinstance(entry, Message)]
        assert not [entry for entry in entries if type(entry).__name__ == "Junk"]
        assert len({message.id.name for message in messages}) == len(messages), "a message is there twice"
        spans = {message.id.name: text[message.span.start : message.span.end] for message in messages if message.span}
        return {name: set(re.findall(r"\$(\w+)", span)) for name, span in spans.items()}

    chinese, english = (variables((folder / f"{name}.ftl").read_text("utf-8")) for name in ("zh-Hans", "en"))
    assert chinese.keys() == english.keys()
    assert chinese == english


def test_rules_read_no_clock_and_roll_no_dice() -> None:
    rules = [path for path in SOURCES if RULES.search(path.as_posix())]
    assert len(rules) > 8
    for path in rules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                clock = node.value.id in {"date", "datetime"} and node.attr in {"now", "utcnow", "today"}
                assert not clock, f"{path}:{node.lineno} reads the clock"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                on_module = isinstance(node.func.value, ast.Name) and node.func.value.id == "random"
                assert not on_module, f"{path}:{node.lineno} rolls dice of its own"


def test_importing_a_module_starts_nothing() -> None:
    """A `Popen`, `Thread`, `open` or `connect` at module level would."""
    for path in SOURCES:
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
                continue
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    assert name not in {"Popen", "Thread", "open", "connect", "run", "mkdir", "start"}, (
                        f"{path}:{node.lineno}"
                    )


def test_no_file_names_the_folders_of_one_machine() -> None:
    machine = re.compile(rb"(?<![\w.])/(root|home/\w+|work|tmp/w)/")
    assert not [path for path in tracked_files() if path != Path(__file__) and machine.search(path.read_bytes())]


def test_every_make_command_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \w", makefile, re.MULTILINE), target


@pytest.mark.parametrize("script", ["huiyin-hub", "huiyin-kiosk", "huiyin-sim"])
def test_every_command_explains_itself(script: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name(script)), "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout or "demo" in done.stdout


def test_ci_runs_the_same_tests_as_a_person() -> None:
    assert "exec make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
