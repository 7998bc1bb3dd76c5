"""The progress display of a simulation: a live panel in a terminal, otherwise plain lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Number = int | float | None
Numbers = Mapping[str, Number]

WIDTH: Final = 80
REFRESH_S: Final = 0.5
LINE_EVERY_S: Final = 5.0
UNKNOWN: Final = "-"


class TerminalFigure(NamedTuple):
    """A displayed number. ``alarming``: any value above zero is an error."""

    key: str
    label: str
    unit: str = ""
    alarming: bool = False


ROWS: Final = (
    (
        TerminalFigure("requests", "requests"),
        TerminalFigure("matched", "matched"),
        TerminalFigure("on_trip", "on trip"),
        TerminalFigure("paid", "paid"),
    ),
    (
        TerminalFigure("cancelled", "cancelled"),
        TerminalFigure("unserved", "unserved"),
        TerminalFigure("pickup_mean_s", "pick-up", "s"),
        TerminalFigure("gps_per_s", "GPS a second"),
    ),
    (
        TerminalFigure("request_to_offer_p50_ms", "request to offer", "ms"),
        TerminalFigure("request_to_offer_p99_ms", "to offer, p99", "ms"),
        TerminalFigure("payment_p50_ms", "payment, p50", "ms"),
        TerminalFigure("double_assignments", "doubled", alarming=True),
    ),
)
IN_LINES: Final = (*ROWS[0], *ROWS[1][2:], ROWS[2][0])


def format_value(figure: TerminalFigure, value: Number) -> str:
    """A value with its unit: an integer, or one decimal for small numbers."""
    if value is None:
        return UNKNOWN
    number = f"{value:,.1f}" if isinstance(value, float) and abs(value) < 10 else f"{value:,.0f}"
    return f"{number} {figure.unit}".rstrip()


def panel(title: str, numbers: Numbers, where: Mapping[str, str]) -> RenderableType:
    """Three rows of figures, then addresses for clients (``where``: label and address)."""
    figures = Table.grid(padding=(0, 1), expand=True)
    for _ in ROWS[0]:
        figures.add_column(ratio=1, justify="right")
    for row in ROWS:
        figures.add_row(*(_value(figure, numbers.get(figure.key)) for figure in row))
        figures.add_row(*(Text(figure.label, style="dim") for figure in row))
        figures.add_row()
    addresses = Table.grid(padding=(0, 2))
    for label, address in where.items():
        addresses.add_row(Text(label, style="dim"), Text(address, style="cyan", overflow="fold"))
    return Panel(Group(figures, addresses), title=Text(title, style="bold"), title_align="left", width=WIDTH)


def line(numbers: Numbers) -> str:
    return "  ".join(f"{figure.label} {format_value(figure, numbers.get(figure.key))}" for figure in IN_LINES)


async def show_progress(
    console: Console, title: Callable[[], str], where: Mapping[str, str], numbers: Callable[[], Numbers]
) -> None:
    """Refresh until cancelled; the last panel remains on the screen."""
    if not console.is_terminal:
        for label, address in where.items():
            console.print(f"{label}: {address}", highlight=False, soft_wrap=True)
        while True:
            await asyncio.sleep(LINE_EVERY_S)
            console.print(line(numbers()), highlight=False, soft_wrap=True)
    with Live(panel(title(), numbers(), where), console=console, auto_refresh=False) as live:
        try:
            while True:
                await asyncio.sleep(REFRESH_S)
                live.update(panel(title(), numbers(), where), refresh=True)
        finally:
            live.update(panel(title(), numbers(), where), refresh=True)


def _value(figure: TerminalFigure, value: Number) -> Text:
    alarm = figure.alarming and bool(value)
    return Text(format_value(figure, value), style="bold red" if alarm else "bold")
