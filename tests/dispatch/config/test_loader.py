"""Settings come from file and environment, and a wrong one is one clear line."""

import os
import pickle
import stat
from pathlib import Path

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from dispatch.codegen.settings_markdown import render_settings_markdown
from dispatch.config.loader import Settings, SettingsError, load_settings, use_ray_token
from dispatch.config.rules import rules_of
from dispatch.config.secrets import token_secret
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours, and no taxi.toml in the working directory."""
    for name in [name for name in os.environ if name.startswith("TAXI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def toml(path: Path, text: str) -> Path:
    """Write a settings file."""
    path.write_text(text, encoding="utf-8")
    return path


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
    ("text", "message"),
    [
        ("[matching]\nwindow_s = -1", "matching.window_s: must be greater than or equal to 0"),
        (
            '[matching]\nwindow_s = "soon"',
            "matching.window_s: must be a valid number, unable to parse string as a number",
        ),
        ("[matching]\nwindow_s = nan", "matching.window_s: must be a finite number"),
        ("[matching]\nwindwo_s = 1", "matching.windwo_s: there is no such setting"),
        ("[matchin]\nwindow_s = 1", "matchin: there is no such setting"),
        ("matching = 3", "matching: must be a table of settings"),
        ('[ray]\nplacement = "x"', "ray.placement: must be 'sharded' or 'dedicated'"),
        ("[[city.zones]]\nlat = 91", "city.zones.0.lat: must be less than or equal to 90"),
        ('[auth]\ntoken_secret = "short"', "auth.token_secret must have 32 characters or more"),
        ('[alipay]\ngateway_url = "https://x"', "alipay.partner must be set where gateway_url is"),
        ('[alipay]\nbridge_url = "/bridge.js"', "alipay.bridge_url must begin with http:// or https://"),
        (
            '[alipay]\ngateway_url = "https://x"\npartner = "2088"\nsign_type = "MD5"',
            "alipay.md5_key must be set for sign_type MD5",
        ),
        (
            '[alipay]\ngateway_url = "https://x"\npartner = "2088"',
            "alipay.private_key_file and alipay_public_key_file must be set for sign_type RSA",
        ),
        (
            '[alipay.companies.blue]\ngateway_url = "https://x"',
            "alipay.companies.blue.partner must be set where gateway_url is",
        ),
        (
            '[alipay]\nprotocol = "openapi"\nopenapi_url = "https://x"',
            "alipay.app_id and openapi_url must be set together",
        ),
        ('[alipay]\napp_id = "1"', "alipay.app_id and openapi_url must be set together"),
        (
            '[alipay]\napp_id = "1"\nopenapi_url = "https://x"',
            "alipay.app_private_key_file must be set where app_id is",
        ),
        (
            '[alipay]\napp_id = "1"\nopenapi_url = "https://x"\nprivate_key = "k"',
            "alipay.openapi_public_key_file or app_cert_file must be set where app_id is",
        ),
        (
            '[alipay]\napp_id = "1"\nopenapi_url = "https://x"\nprivate_key = "k"\napp_cert_file = "c"',
            "alipay.alipay_cert_file and alipay_root_cert_file must be set where app_cert_file is",
        ),
        (
            '[alipay]\nprotocol = "openapi"\napp_id = "1"\nopenapi_url = "u"\nprivate_key="k"\nopenapi_public_key="p"',
            "alipay.partner must be set where openapi_url is",
        ),
        (
            '[alipay]\nprotocol = "acquirer"\ngateway_url = "https://x"\npartner = "cab"',
            "alipay.sign_type must be one of HMAC-SHA256, RSA2 for protocol acquirer",
        ),
        (
            '[alipay]\nprotocol = "acquirer"\ngateway_url = "https://x"\npartner = "cab"\nsign_type = "HMAC-SHA256"',
            "alipay.acquirer_secret must have 32 characters or more for sign_type HMAC-SHA256",
        ),
    ],
)
def test_wrong_setting_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    """The line names the setting and says what it must be."""
    with pytest.raises(SettingsError) as caught:
        load_settings(toml(tmp_path / "a.toml", text))

    assert message == str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TAXI_MATCHING__WINDOW_S", "abc", "matching.window_s: must be a valid number"),
        ("TAXI_MATCHING__WINDWO", "1", "matching.windwo: there is no such setting"),
        ("TAXI_MATCHIN__WINDOW_S", "1", "TAXI_MATCHIN__WINDOW_S: there is no such setting"),
        ("TAXI_MATCHING", "1", "TAXI_MATCHING: there is no such setting"),
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
    with pytest.raises(SettingsError, match="port: there is no such setting"):
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


def test_rules_follow_the_settings() -> None:
    """What entities decide by is what was set; the waiting speed is the tariff's unless it is set."""
    ours = rules_of(
        load_settings(overrides={"offer.countdown_s": 9, "city.tariff": "shanghai", "meter.checkpoint_m": 50})
    )
    slow = rules_of(load_settings(overrides={"meter.waiting_below_kmh": 7}))

    assert (ours.offer_countdown_s, ours.tariff.currency) == (9, "CNY")
    assert (ours.meter.waiting_kmh, ours.meter.checkpoint_m, slow.meter.waiting_kmh) == (12, 50, 7)
    assert slow.from_airport(37.6152, -122.3899)
    assert not slow.from_airport(37.7793, -122.4193)


def test_default_rules_are_those_of_the_settings() -> None:
    """The defaults stand in two places and must not drift apart."""
    settled = rules_of(load_settings())

    assert msgspec.structs.replace(settled, zones=()) == Rules(settled.tariff, settled.meter)
    assert settled.meter == MeterRules(settled.tariff.waiting.below_kmh)


def test_tariff_that_does_not_exist_is_one_line() -> None:
    """The line names the setting."""
    with pytest.raises(SettingsError, match=r"^city\.tariff: tariff atlantis: no such tariff"):
        rules_of(load_settings(overrides={"city.tariff": "atlantis"}))


def test_token_secret_is_made_once(tmp_path: Path) -> None:
    """The key is made on first use, only its owner reads it, and every process gets the same."""
    settings = load_settings(overrides={"server.data_dir": tmp_path / "data"})

    first = token_secret(settings)

    assert first == token_secret(settings)
    assert len(first.get_secret_value()) >= 32
    (kept,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_token_secret_that_is_set_is_used(tmp_path: Path) -> None:
    """With a key set, none is written."""
    secret = "s" * 32

    settings = load_settings(overrides={"auth.token_secret": secret, "server.data_dir": tmp_path / "data"})

    assert token_secret(settings) == SecretStr(secret)
    assert not (tmp_path / "data").exists()


def test_public_url_has_no_slash_at_its_end() -> None:
    """URLs are made by appending a path."""
    settings = load_settings(
        overrides={"server.public_url": "https://taxi.example/", "journal.url": "postgresql+asyncpg:///"}
    )

    assert settings.public_url == "https://taxi.example"
    assert settings.journal_url == "postgresql+asyncpg:///"


def test_document_is_current() -> None:
    """``docs/settings.md`` is what the code says."""
    assert render_settings_markdown() == DOCS.read_text(encoding="utf-8")


def test_every_setting_has_a_meaning() -> None:
    """No field without a description, and every second says on which clock."""
    for name, field in Settings.model_fields.items():
        for key, each in type(field.default).model_fields.items():
            assert each.description, f"{name}.{key}"
            extra = each.json_schema_extra
            assert isinstance(extra, dict)
            assert not key.endswith("_s") or extra["unit"] in {"s, city", "s, wall", "1/s, wall"}, f"{name}.{key}"


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
