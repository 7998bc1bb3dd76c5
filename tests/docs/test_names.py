"""Names in the hand-written documents exist in the code: metrics, settings, commands, messages, classes and paths."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, get_args

import msgspec
import pytest
from pydantic import BaseModel
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command

from dispatch.api import client_messages, fields, server_messages
from dispatch.config.loader import Settings
from dispatch.domain.errors import CloseCode, ErrorCode
from dispatch.observability.metrics import Metrics
from taxi_cli.main import app
from ws_gateway.openapi_document import openapi

ROOT: Final = Path(__file__).parents[2]
GENERATED: Final = {"http.md", "machines.md", "metrics.md", "permissions.md", "protocol.md", "settings.md"}
PAGES: Final = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("[a-z]*/README.md")]
    if page.name not in GENERATED
)
COMMAND: Final = get_command(app)
TEXTS: Final = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}

PACKAGES: Final = ("dispatch", "ws_gateway", "taxi_cli", "sim", "bench")
FOLDERS: Final = (*PACKAGES, "web", "tests", "docs", "deploy")
BUILT: Final = {"ws_gateway/web"}
"""Paths that exist only after a build."""

PROTOCOL_PAGES: Final = ("docs/architecture.md", "docs/drivers-app.md", "docs/for-app-developers.md")
"""Pages whose single words in code style are names of the wire or of events."""

FORMER_SETTINGS: Final = {"limits.dials_burst", "limits.dials_per_s"}
"""Aliases that a validator accepts for one release."""

OTHER_WORDS: Final = {
    "clock", "conflict", "due", "httpx", "localStorage", "near", "pure", "subject", "track", "websockets",
}  # fmt: skip
FOREIGN_CLASSES: Final = {
    "AlipayClient", "AlipayJSBridge", "AlipayJSBridgeReady", "Enum", "IndexedDB", "ScatterplotLayer", "ClassVar",
}  # fmt: skip


def spans(text: str) -> list[str]:
    """The code spans of a text, without its fenced blocks."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def code_lines(text: str) -> list[str]:
    """Code spans, and the lines of indented and fenced blocks."""
    fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return [*spans(text), *re.findall(r"^    (\S.*)$", text, re.MULTILINE), *fenced.splitlines()]


# ── metrics and settings ─────────────────────────────────────────────────────────────────────────────────────────


def unknown_metrics(text: str) -> set[str]:
    """Names of metrics that no process exports."""
    families = {family.name for family in Metrics().registry.collect()}
    known = {info.name for info in Metrics().infos} | families | set(PACKAGES)
    named = {word for span in code_lines(text) for word in re.findall(r"\b(?:taxi|process)_[a-z_]+\b(?!/)", span)}
    return named - known - {"taxi_cli"}


@cache
def setting_names() -> frozenset[str]:
    """Every ``section.name``."""
    found = set()
    for section, field in Settings.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        found |= {f"{section}.{name}" for name in kind.model_fields}
        found |= {f"{section}.{field.alias}" for field in kind.model_fields.values() if field.alias}
    return frozenset(found)


def unknown_settings(text: str) -> set[str]:
    """Settings in code style that the model lacks: ``section.name``, ``TAXI_SECTION__NAME``, and lines of TOML."""
    sections = set(Settings.model_fields)
    named = {f"{a}.{b}".lower() for a, b in re.findall(r"\bTAXI_([A-Z]+)__([A-Z0-9_]+)", text)}
    for span in spans(text):
        found = re.fullmatch(r"([a-z]+)\.([a-z][a-z0-9_]*)(?: = .*)?", span)
        if found and found[1] in sections and f"{found[1]}.{found[2]}" not in view_fields():
            named.add(f"{found[1]}.{found[2]}")
    for block in re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        named |= {f"{section}.{name}" for section, table in tomllib.loads(block).items() for name in table}
    return {
        name
        for name in named - setting_names() - FORMER_SETTINGS
        if not name.endswith((".sqlite", ".toml", ".py", ".asyncio"))
    }


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────


def commands(text: str) -> Iterator[str]:
    """Every ``taxi ...`` in code style, up to a comment or the next command."""
    for line in code_lines(text):
        for found in re.finditer(r"(?:^|[ /;(\[])taxi ((?:--)?[a-z][^#`;|]*)", line):
            yield found[1]


def wrong_command(line: str) -> str:
    """The first word of ``line`` that is neither a subcommand nor an option of its command; empty if there is none."""
    command = COMMAND
    for word in line.split():
        if word.startswith("--"):
            options = {"--help", *(each for param in command.params for each in (*param.opts, *param.secondary_opts))}
            if not command.ignore_unknown_options and re.split(r"[=\],.]", word)[0] not in options:
                return word
        elif isinstance(command, TyperGroup):
            if not re.fullmatch(r"[a-z-]+", word):  # a placeholder: NAME
                return ""
            found = command.get_command(Context(command), word)
            if found is None:
                return word
            command = found
    return ""


# ── messages, classes, paths ─────────────────────────────────────────────────────────────────────────────────────


@cache
def protocol_words() -> frozenset[str]:
    """Tags of messages, commands and events, fields of the wire, values of enumerations and literals, folder names."""
    words = {path.name for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_dir()} | set(PACKAGES)
    for kind in [*vars(client_messages).values(), *vars(server_messages).values(), *vars(fields).values()]:
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            words |= {field.encode_name for field in msgspec.structs.fields(kind)}
    for code in product_code():
        words |= set(re.findall(r'\btag="(\w+)"', code))
        words |= set(re.findall(r'^ *[A-Z_]+(?:: \S+)? = "(\w+)"$', code, re.MULTILINE))
        words |= {word for values in re.findall(r"Literal\[([^]]+)]", code) for word in re.findall(r"\w+", values)}
    return frozenset(words)


@cache
def view_fields() -> frozenset[str]:
    """Fields of the two views that share a name with a section of the settings: ``vehicle.offer``."""
    return frozenset(
        f"{view}.{field}"
        for view, kind in (("vehicle", fields.VehicleView), ("trip", fields.TripView))
        for field in kind.__struct_fields__
    )


@cache
def wire_tags() -> frozenset[str]:
    """Tags of all wire messages."""
    kinds = (*get_args(client_messages.FromClient), *get_args(server_messages.FromServer))
    return frozenset(str(kind.__struct_config__.tag) for kind in kinds)


def unknown_messages(name: str, text: str) -> set[str]:
    """Messages in JSON examples that do not exist; on pages about the protocol also unknown single words."""
    unknown = set(re.findall(r'"t": "(\w+)"', text)) - wire_tags()
    if name in PROTOCOL_PAGES:
        words = {each for each in spans(text) if re.fullmatch(r"[a-z]+(_[a-z]+)*", each)}
        unknown |= words - protocol_words() - OTHER_WORDS
    return unknown


@cache
def product_code() -> list[str]:
    """The text of every Python file outside the tests."""
    return [path.read_text(encoding="utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


@cache
def class_names() -> frozenset[str]:
    """Classes of the product, and type aliases at the top of a module."""
    found = (
        re.findall(r"^ *class (\w+)|^([A-Z]\w+)(?:: TypeAlias)? = ", code, re.MULTILINE) for code in product_code()
    )
    return frozenset(name for names in found for pair in names for name in pair)


def unknown_classes(text: str) -> set[str]:
    """Names in code style that look like classes and are none."""
    named = {span for span in spans(text) if re.fullmatch(r"(?:[A-Z][a-z0-9]+){2,}", span)}
    return named - class_names() - FOREIGN_CLASSES


def is_there(path: str) -> bool:
    """Whether a path of the repository exists; ``*`` and ``{a,b}`` stand for several."""
    whole = path.rstrip("/")
    if "{" in whole:
        before, _, rest = whole.partition("{")
        inner, _, after = rest.partition("}")
        return all(is_there(before + each.strip() + after) for each in inner.split(","))
    return whole in BUILT or any(ROOT.glob(whole))


def unknown_paths(text: str) -> set[str]:
    """Files, folders and dotted modules in code style that do not exist."""
    folders = "|".join(FOLDERS)
    unknown = set()
    for span in spans(text):
        for path in re.findall(rf"(?<![\w/.])(?:{folders})/[\w./*{{}},-]*[\w*}}/]", span):
            unknown |= {path} if not is_there(path) else set()
        for module in re.findall(rf"(?<![\w/.])(?:{'|'.join(PACKAGES)})(?:\.[a-z_]+)+\b", span):
            path = module.replace(".", "/")
            unknown |= {module} if not (is_there(path) or is_there(f"{path}.py")) else set()
    return unknown


def unknown_addresses(text: str) -> set[str]:
    """HTTP addresses of the API, with their method, that no route serves."""
    served = {f"{method.upper()} {path}" for path, operations in openapi()["paths"].items() for method in operations}
    named = {each for span in spans(text) for each in re.findall(r"(?:GET|POST|PUT|DELETE) /v1/[\w/{}]+", span)}
    return named - served - {"GET /v1/ws"}


# ── the checks ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", TEXTS)
def test_every_name_exists(name: str) -> None:
    """A document names only metrics, settings, messages, addresses, classes and paths of this code."""
    text = TEXTS[name]

    assert unknown_metrics(text) == set()
    assert unknown_settings(text) == set()
    assert unknown_messages(name, text) == set()
    assert unknown_addresses(text) == set()
    assert unknown_classes(text) == set()
    assert unknown_paths(text) == set()


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_exists(name: str) -> None:
    """Every ``taxi`` command in a document can be called with its options."""
    assert {line: wrong for line in commands(TEXTS[name]) if (wrong := wrong_command(line))} == {}


@pytest.mark.parametrize("name", TEXTS)
def test_the_numbers_of_errors(name: str) -> None:
    """A number with a name in code style is that error or close code: 6002 `UNAVAILABLE`."""
    numbers = {f"{each.value} {each.name}" for kind in (ErrorCode, CloseCode) for each in kind}
    named = {f"{number} {word}" for number, word in re.findall(r"\b(\d{4})\s+`([A-Z_]+)`", TEXTS[name])}

    assert named - numbers == set()


def test_the_log_events() -> None:
    """Log events in the operations document are logged somewhere."""
    table = TEXTS["docs/operations.md"].partition("### Log events")[2].partition("\n## ")[0]
    events = {span for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for span in spans(row)}

    assert len(events) > 10
    assert {each for each in events if not any(f'"{each}"' in code for code in product_code())} == set()


def test_the_words_of_the_drivers_app() -> None:
    """Buttons and titles that the driver app's document quotes in italics are texts of the app."""
    quoted = re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", TEXTS["docs/drivers-app.md"])
    texts = (ROOT / "web" / "src" / "drive" / "i18n" / "en.ts").read_text(encoding="utf-8")

    assert len(quoted) > 4
    assert [each for each in quoted if " ".join(each.split()) not in texts] == []


def test_the_tree_of_the_readme() -> None:
    """Every folder in the README's tree exists in its parent."""
    [tree] = re.findall(r"^```text\n(dispatch/.*?)^```", TEXTS["README.md"], re.MULTILINE | re.DOTALL)
    parent = ""
    for line in tree.splitlines():
        if line.startswith("  "):
            missing = [each for each in re.findall(r"^  ([a-z_]+)/", line) if not is_there(f"{parent}/{each}")]
        else:
            parent = line.partition("/")[0]
            missing = [parent] if not is_there(parent) else []
        inner = re.findall(r"[ (]([a-z_]+)/", line.strip().partition(" ")[2])
        missing += [each for each in inner if not (any(ROOT.glob(f"{parent}/**/{each}")) or is_there(each))]
        assert missing == [], line


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`taxi_host_restarts_total`", unknown_metrics),
        ("`server.tls_certificate`", unknown_settings),
        ("`TAXI_JOURNAL__URI`", unknown_settings),
        ('    {"t": "helo"}', lambda text: unknown_messages("README.md", text)),
        ("`acept`", lambda text: unknown_messages("docs/architecture.md", text)),
        ("`GET /v1/alarm`", unknown_addresses),
        ("`HostShel`", unknown_classes),
        ("`dispatch/geo/cell.py`", unknown_paths),
        ("`dispatch.geo.cell`", unknown_paths),
        ("`taxi serv`", lambda text: {wrong_command(line) for line in commands(text)} - {""}),
        ("    taxi demo --foo 3", lambda text: {wrong_command(line) for line in commands(text)} - {""}),
    ],
)
def test_a_wrong_name_is_found(text: str, wrong: object) -> None:
    """Each check finds a planted wrong name."""
    assert callable(wrong)
    assert len(wrong(text)) == 1
