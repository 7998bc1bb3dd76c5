"""Generates the documents that are made from code: ``python -m dispatch.codegen.markdown docs``."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from dispatch.codegen.asyncapi import render_protocol_markdown
from dispatch.codegen.http_markdown import render_http_markdown
from dispatch.codegen.permissions_markdown import render_permissions_markdown
from dispatch.codegen.settings_markdown import render_settings_markdown
from dispatch.domain.state_machine import NEW, StateMachine, mermaid
from dispatch.domain.trip import trip_state
from dispatch.domain.vehicle import vehicle_state
from dispatch.observability.metrics import Metrics
from dispatch.payment.core import state as payment_state

MACHINES: Final[Mapping[str, StateMachine]] = {
    "dispatch/domain/vehicle/vehicle_state.py": vehicle_state.MACHINE,
    "dispatch/domain/trip/trip_state.py": trip_state.MACHINE,
    "dispatch/payment/core/state.py": payment_state.MACHINE,
}


def render_machines_markdown() -> str:
    lines = [
        "# State machines",
        "",
        "Generated from the tables in the code; do not edit.",
        "",
        "Each arrow is labelled with its events. A transition without an arrow is illegal: it raises a numbered error",
        "that names state, event and id, and writes nothing.",
    ]
    for source, machine in MACHINES.items():
        lines += ["", *_machine_lines(source, machine)]
    return "\n".join(lines) + "\n"


def _machine_lines(source: str, machine: StateMachine) -> Iterable[str]:
    yield f"## {machine.name.capitalize()}"
    yield ""
    yield f"`TABLE` of `{source}`."
    yield ""
    yield "```mermaid"
    yield mermaid(machine).rstrip("\n")
    yield "```"
    yield ""
    yield "| state | event | next state |"
    yield "|---|---|---|"
    for state, moves in machine.table.items():
        for event, after in moves.items():
            yield f"| {'(none yet)' if state == NEW else state} | `{event.__struct_config__.tag}` | {after} |"


def render_metrics_markdown() -> str:
    rows = [f"| `{i.name}` | {i.kind} | {', '.join(f'`{x}`' for x in i.labels)} | {i.help} |" for i in Metrics().infos]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Made from `dispatch/observability/metrics.py` by `render_metrics_markdown()`; do not edit.",
            "",
            "Served at `/metrics` for Prometheus. Seconds are wall seconds. Each sample also has the label `process`.",
            "Each process also exports `process_start_time_seconds` and the other `process_*` metrics of Prometheus'",
            "Python client.",
            "",
            "| metric | kind | labels | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "http.md": render_http_markdown,
    "machines.md": render_machines_markdown,
    "metrics.md": render_metrics_markdown,
    "permissions.md": render_permissions_markdown,
    "protocol.md": render_protocol_markdown,
    "settings.md": render_settings_markdown,
}


def write_files(folder: Path, renders: Mapping[str, Callable[[], str]]) -> list[Path]:
    """Write the rendered files into ``folder``. Returns the paths of those that changed."""
    changed: list[Path] = []
    for name, render in renders.items():
        path, text = folder / name, render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    for path in write_files(Path(sys.argv[1]), DOCUMENTS):
        sys.stdout.write(f"{path}\n")
