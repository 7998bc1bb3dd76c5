"""Settings come from file and environment, and a wrong one is one clear line."""

import os
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from dispatch.config.loader import SettingsError, load_settings, use_ray_token
from tests.dispatch.config.samples import toml


def test_defaults_stand_without_file_or_environment() -> None:
    """Nothing has to be set."""
    settings = load_settings()

    assert (settings.server.port, settings.matching.window_s, settings.city.tariff) == (8080, 2.0, "san_francisco")
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.journal_url == "sqlite:///var/taxi/journal.sqlite"


def test_file_then_environment_then_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller wins over the environment, the environment over the file, the file over the defaults, key by key."""
    file = toml(tmp_path / "a.toml", "[matching]\nwindow_s = 3\ncandidates = 5\nregions = 2\n[clock]\nspeed = 10\n")
    monkeypatch.setenv("TAXI_MATCHING__WINDOW_S", "1")
    monkeypatch.setenv("TAXI_MATCHING__REGIONS", "3")

    settings = load_settings(file, {"matching.window_s": 0, "server.port": 0})

    matching = settings.matching
    assert (matching.window_s, matching.regions, matching.candidates, matching.max_pickup_s) == (0, 3, 5, 900)
    assert (settings.clock.speed, settings.server.port) == (10, 0)


def test_former_names_are_aliases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a variable of before still set the limits of TCP connections; the new name wins."""
    file = toml(tmp_path / "a.toml", "[limits]\ndials_per_s = 3\ndials_burst = 7\nconnections_burst = 9\n")
    assert load_settings(file).limits.connections_per_s == 3
    assert load_settings(file).limits.connections_burst == 9
    monkeypatch.setenv("TAXI_LIMITS__DIALS_PER_S", "4")
    assert load_settings(file).limits.connections_per_s == 4


def test_file_named_by_the_environment_or_lying_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``taxi.toml`` in the working directory is read, unless TAXI_CONFIG or the caller names another."""
    toml(tmp_path / "taxi.toml", "[clock]\nspeed = 2")
    assert load_settings().clock.speed == 2

    monkeypatch.setenv("TAXI_CONFIG", str(toml(tmp_path / "b.toml", "[clock]\nspeed = 3")))
    assert load_settings().clock.speed == 3
    assert load_settings(toml(tmp_path / "c.toml", "[clock]\nspeed = 4")).clock.speed == 4


def test_zones_are_tables(tmp_path: Path) -> None:
    """A company draws its own airport."""
    text = '[[city.zones]]\nname = "PVG"\nlat = 31.15\nlng = 121.81\nradius_m = 3000'

    (zone,) = load_settings(toml(tmp_path / "a.toml", text)).city.zones

    assert (zone.name, zone.lat, zone.radius_m) == ("PVG", 31.15, 3000)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TAXI_MATCHING__WINDOW_S", "abc", "matching.window_s: must be a valid number"),
        ("TAXI_MATCHING__WINDWO", "1", "matching.windwo: unknown setting"),
        ("TAXI_MATCHIN__WINDOW_S", "1", "TAXI_MATCHIN__WINDOW_S: unknown setting"),
        ("TAXI_MATCHING", "1", "TAXI_MATCHING: unknown setting"),
        ("TAXI_SERVER__PROXIES", '["10.0.0.1/8"]', "server.proxies must be addresses or networks: 10.0.0.1/8 has"),
        ("TAXI_CITY__ZONES", "[{]", "environment: error parsing value"),
        ("TAXI_CONFIG", "none.toml", "none.toml: cannot be read"),
    ],
)
def test_wrong_variable_is_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    """A misspelt variable is never passed over in silence."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_every_wrong_setting_has_its_line(tmp_path: Path) -> None:
    """All that is wrong is told at once."""
    file = toml(tmp_path / "a.toml", "[clock]\nspeed = 0\n[server]\nport = 99999")

    with pytest.raises(SettingsError) as caught:
        load_settings(file)

    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["server.port", "clock.speed"]


@pytest.mark.parametrize("text", ["matching =", "\x00"])
def test_file_that_is_no_toml(tmp_path: Path, text: str) -> None:
    """The line names the file."""
    with pytest.raises(SettingsError, match=r"a\.toml: cannot be read"):
        load_settings(toml(tmp_path / "a.toml", text))


def test_caller_must_name_section_and_key() -> None:
    """A name without a section is no setting."""
    with pytest.raises(SettingsError, match="port: unknown setting"):
        load_settings(overrides={"port": 1})


def test_settings_are_frozen_and_travel() -> None:
    """Nobody changes them on the way, and other processes get them as they are, whatever their environment."""
    settings = load_settings(overrides={"server.port": 1})

    with pytest.raises(ValidationError):
        settings.clock = settings.clock
    with pytest.raises(ValidationError):
        settings.server.port = 2
    assert settings == pickle.loads(pickle.dumps(settings))


def test_secrets_are_masked() -> None:
    """Printed or logged settings show no secret; nor do errors."""
    secret = "correct horse battery staple 42 times"

    settings = load_settings(overrides={"auth.token_secret": secret, "alipay.md5_key": secret})

    assert secret not in f"{settings!r} {settings} {settings.model_dump_json()}"
    with pytest.raises(SettingsError) as caught:
        load_settings(overrides={"auth.token_secret": secret, "auth.sms": secret})
    assert secret not in str(caught.value)


def test_public_url_has_no_slash_at_its_end() -> None:
    """URLs are made by appending a path."""
    settings = load_settings(
        overrides={"server.public_url": "https://taxi.example/", "journal.url": "postgresql+asyncpg:///"}
    )

    assert settings.public_url == "https://taxi.example"
    assert settings.journal_url == "postgresql+asyncpg:///"


def test_a_companys_key_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A company's account may stand in the file, and its key in the environment."""
    monkeypatch.setenv("TAXI_ALIPAY__COMPANIES__BLUE__MD5_KEY", "k" * 32)
    text = '[alipay.companies.blue]\ngateway_url = "https://x"\npartner = "2088"\nsign_type = "MD5"'

    blue = load_settings(toml(tmp_path / "a.toml", text)).alipay.companies["blue"]

    assert (blue.partner, blue.md5_key.get_secret_value()) == ("2088", "k" * 32)
    assert "k" * 32 not in repr(blue)


def test_the_ray_token_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head of our own asks for its token, unless whoever runs it has chosen otherwise."""
    monkeypatch.setenv("RAY_AUTH_MODE", "so that it is put back")
    monkeypatch.delenv("RAY_AUTH_MODE")
    use_ray_token()
    assert os.environ["RAY_AUTH_MODE"] == "token"
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    use_ray_token()
    assert os.environ["RAY_AUTH_MODE"] == "disabled"
