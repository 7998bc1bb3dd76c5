"""The display of a city at work."""

from __future__ import annotations

from rich.console import Console

from sim.city.terminal_progress import ROWS, WIDTH, TerminalFigure, format_value, line, panel

NUMBERS = {"requests": 1234, "matched": 1100, "pickup_mean_s": 151.24, "gps_per_s": 299.8, "double_assignments": 1}
WHERE = {"Clients": "ws://127.0.0.1:8080/v1/ws"}


def test_the_panel_fits_eighty_columns_and_says_where_clients_go() -> None:
    """Every figure has its label, the address stands below, no line is too wide."""
    console = Console(width=120)
    with console.capture() as capture:
        console.print(panel("San Francisco", NUMBERS, WHERE))
    text = capture.get()
    assert all(figure.label in text for row in ROWS for figure in row)
    assert WHERE["Clients"] in text
    assert "1,234" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_values_are_spelled_for_people() -> None:
    """Units lagging_streams, thousands apart, a dash for what is not known yet."""
    seconds = TerminalFigure("x", "x", "s")
    assert [format_value(seconds, value) for value in (None, 3.14, 1234.5, 7)] == ["-", "3.1 s", "1,234 s", "7 s"]


def test_one_line_for_those_without_a_terminal() -> None:
    """The main figures, on one line."""
    assert line(NUMBERS).startswith("requests 1,234  matched 1,100  on trip -")
