"""Renders ``docs/settings.md`` from the fields of the settings."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from dispatch.config.loader import Settings


def render_settings_markdown() -> str:
    lines = [
        "# Settings",
        "",
        "Made from `dispatch/config/settings.py` by `render_settings_markdown()`; do not edit.",
        "",
        "Settings are read from a TOML file (`--config FILE`, else the file named by `TAXI_CONFIG`, else `taxi.toml`",
        "in the working directory) and from environment variables, which take precedence: `matching.window_s` is",
        "`TAXI_MATCHING__WINDOW_S`. Seconds are city time or wall time; at `clock.speed` 1 both are the same.",
    ]
    for name, field in Settings.model_fields.items():
        lines += ["", *_section_lines(name, _section_type(field))]
    return "\n".join(lines) + "\n"


def _section_lines(name: str, section: type[BaseModel]) -> Iterable[str]:
    yield f"## [{name}]"
    yield ""
    yield " ".join((section.__doc__ or "").split())
    yield ""
    yield "| setting | default | unit | meaning |"
    yield "|---|---|---|---|"
    for key, field in section.model_fields.items():
        extra = field.json_schema_extra
        unit = extra.get("unit", "") if isinstance(extra, dict) else ""
        yield f"| `{name}.{key}` | {_shown(field.default)} | {unit} | {field.description}{_allowed(field)} |"


def _shown(default: object) -> str:
    """A default in TOML notation."""
    match default:
        case None | "" | SecretStr() | dict():
            return "empty"
        case str() | Path():
            return f'`"{default}"`'
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return ", ".join(str(item.name) for item in default)
        case _:
            return f"`{default}`"


def _allowed(field: FieldInfo) -> str:
    words = {"ge": "at least", "gt": "above", "le": "at most"}
    bounds = [
        f"{word} {getattr(each, name)}"
        for name, word in words.items()
        for each in field.metadata
        if getattr(each, name, None) is not None
    ]
    choices = getattr(field.annotation, "__args__", ()) if "Literal" in str(field.annotation) else ()
    if len(choices) > 1:
        bounds.append("one of " + ", ".join(f"`{choice}`" for choice in choices))
    return f" ({', '.join(bounds)})" if bounds else ""


def _section_type(field: FieldInfo) -> type[BaseModel]:
    kind = field.annotation
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        raise TypeError(f"{kind} is not a section")
    return kind
