"""Options become settings, and errors one line on standard error."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from taxi_cli.options import FAILED, NOT_DONE, fail, setting_overrides, settings_for


def test_missing_options_override_nothing() -> None:
    """Names are dotted, paths are texts."""
    overrides = setting_overrides(server__data_dir=Path("data"), server__port=0, clock__speed=None)

    assert overrides == {"server.data_dir": "data", "server.port": 0}


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Several lines are joined, whatever the exit code."""
    codes = [fail("one\n  two\n").exit_code, fail("three", NOT_DONE).exit_code]

    assert codes == [FAILED, NOT_DONE]
    assert capsys.readouterr().err == "taxi: one; two\ntaxi: three\n"


def test_a_wrong_setting_ends_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line names the file or setting."""
    with pytest.raises(typer.Exit) as caught:
        settings_for(tmp_path / "none.toml", None, NOT_DONE)

    assert caught.value.exit_code == NOT_DONE
    assert "none.toml: cannot be read" in capsys.readouterr().err
