"""The rules that keep the parts apart, where import-linter (``.importlinter``, ``make imports``) cannot say them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
COVERED_BY = Path(__file__).with_name("covered_by.tsv")
PRODUCT = ("dispatch", "ws_gateway", "sim", "bench", "taxi_cli")
CODE = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

READS_THE_CLOCK = {
    "dispatch/clock.py",
    "dispatch/server/supervisor.py",  # fixes which wall and city time belong together
    "dispatch/processes/child_processes.py",  # how long a child may take to end
    "dispatch/store/database.py",  # how long a lock may take
    "dispatch/store/buses/embedded_valkey.py",  # how long a child may take to start
    "dispatch/store/migrations/__init__.py",  # how long a lock may take
    "sim/alipay_sandbox/model/clock.py",
    "sim/demo/demo.py",  # which evening it is
}
CLOCK_CALLS = re.compile(
    r"\btime\.(time|time_ns|monotonic|monotonic_ns|perf_counter|sleep)\(|\b(datetime\.(now|utcnow)|date\.today)\("
)
CHANCE_CALLS = re.compile(r"\brandom\.(random|choice|choices|randint|randrange|shuffle|sample|uniform|gauss|seed)\(")
NAMES_THAT_SAY_NOTHING = re.compile(r"(^|_)(utils?|helpers?|managers?|services?|common|misc|base|stuff)($|_)")

NOT_CODE = {"fuzz", "integration", "recorded", "third_party_clients", "vectors"}
"""Test folders that hold data, tests of the whole system, what chance makes up, or clients that are not ours."""

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
TABLES = {"dispatch/store/migrations/versions/r0001_journal.py"}
"""Files whose functions are tables written as calls."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _imports(path: Path) -> set[str]:
    """The top names of all that ``path`` imports, at its head or inside a function."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_every_package_says_what_it_contains() -> None:
    """The docstring of a package is the first thing that a new engineer reads in its folder."""
    packages = {path.parent: ast.get_docstring(_tree(path)) for path in CODE if path.name == "__init__.py"}
    folders = {path.parent for path in CODE if path.parent.name != "versions"}  # which Alembic loads by path

    assert folders - set(packages) == set()
    assert [_name(folder) for folder, text in packages.items() if not text] == []


def test_only_the_actors_import_ray() -> None:
    """Ray can be replaced in one place."""
    assert {_name(path.parent) for path in CODE if "ray" in _imports(path)} == {"dispatch/actors/ray"}


def test_only_the_settings_read_the_environment() -> None:
    """What a process does follows from its settings and arguments alone."""
    asks = re.compile(r"\bos\.(environ|getenv|putenv)\b|from os import .*environ")

    assert [_name(path) for path in CODE if asks.search(path.read_text(encoding="utf-8"))] == [
        "dispatch/config/loader.py"
    ]


def test_time_is_handed_in() -> None:
    """Nothing asks the machine what time it is, or sleeps, but the clock and those who wait for processes and locks."""
    asks = {
        _name(path)
        for path in CODE
        if _module(path).split(".")[0] != "bench" and CLOCK_CALLS.search(path.read_text(encoding="utf-8"))
    }

    assert asks - READS_THE_CLOCK == set()
    assert READS_THE_CLOCK - asks == set()


def test_chance_is_handed_in() -> None:
    """Who draws numbers draws them from a generator that somebody seeded."""
    assert [_name(path) for path in CODE if CHANCE_CALLS.search(path.read_text(encoding="utf-8"))] == []


def test_names_say_what_a_file_is_about() -> None:
    """No file or folder is a place for whatever has no place."""
    stems = {path: (path.stem, path.parent.name) for path in [*CODE, *TESTS]}

    assert [_name(path) for path, names in stems.items() if any(map(NAMES_THAT_SAY_NOTHING.search, names))] == []


def test_files_fit_into_a_head() -> None:
    """A file that has grown too long is split by job."""
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_fit_into_a_head() -> None:
    """A function that has grown too long is split by step."""
    lengths = {
        f"{_name(path)}: {each.name}": (each.end_lineno or each.lineno) - each.lineno + 1
        for path in CODE
        if _name(path) not in TABLES
        for each in _functions(path)
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_every_test_says_what_must_hold() -> None:
    """The first line of a test is its claim."""
    claims = {
        f"{_name(path)}: {each.name}": ast.get_docstring(each)
        for path in TESTS
        if path.name.startswith("test_")
        for each in _functions(path)
        if each.name.startswith("test_")
    }

    assert [name for name, claim in claims.items() if not claim] == []


def test_functions_are_small() -> None:
    """Nine of ten functions have at most 35 lines, 99 of 100 at most 80."""
    sizes = sorted((each.end_lineno or each.lineno) - each.lineno + 1 for path in CODE for each in _functions(path))

    assert sizes[len(sizes) * 90 // 100] <= 35
    assert sizes[len(sizes) * 99 // 100] <= 80


def test_class_names_are_unique() -> None:
    """A class name leads to one definition. Pairs of a wire message and its command are the exception."""
    places: dict[str, set[str]] = {}
    for path in CODE:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, set()).add(_name(path))
    shared = {name for name, files in places.items() if len(files) > 1}

    assert len(shared) <= 25
    assert shared & {"Plan", "Vehicle", "Driver", "Gateway", "Line", "Fleet", "Entry", "Refused"} == set()


def test_folders_are_small() -> None:
    """The largest packages show their parts as folders, not as a list of modules."""
    folders = ("dispatch", "dispatch/actors", "dispatch/payment", "ws_gateway")

    assert [each for each in folders if len(list((ROOT / each).glob("*.py"))) > 15] == []


def test_every_module_has_its_test() -> None:
    """The test of ``a/b.py`` is ``tests/a/test_b.py``; ``covered_by.tsv`` names the test of every other module."""
    lines = COVERED_BY.read_text(encoding="utf-8").splitlines()
    covered = dict(line.split("\t") for line in lines if not line.startswith("#"))
    own = [path for path in CODE if path.stem not in ("__init__", "__main__") and "versions" not in path.parts]
    modules = {_name(path) for path in own}
    mirrored = {name for name in modules if _mirror(name).is_file()}

    assert modules - mirrored - set(covered) == set()
    assert set(covered) - modules == set(), "a listed module is gone"
    assert set(covered) & mirrored == set(), "a listed module has its own test"
    assert [test for test in covered.values() if not (ROOT / test).is_file()] == []


def _mirror(name: str) -> Path:
    module = Path(name)
    return ROOT / "tests" / module.parent / f"test_{module.name}"


def test_test_folders_mirror_the_code() -> None:
    """Where something is tested follows from where it stands; every folder is a package, so that names may repeat."""
    folders = {path.parent for path in TESTS}
    strange = {
        folder
        for folder in folders
        if not (ROOT / folder.relative_to(ROOT / "tests")).is_dir() and folder.name not in NOT_CODE
    }

    assert strange == set()
    assert {folder for folder in folders if not (folder / "__init__.py").is_file()} == set()
