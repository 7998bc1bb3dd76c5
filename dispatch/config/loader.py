"""Loads the settings from a TOML file and the environment, once at start; they are frozen.

Order of precedence: overrides by the caller (the command line), the environment (``TAXI_MATCHING__WINDOW_S=0``), the
TOML file (``--config``, else the file named by ``TAXI_CONFIG``, else ``taxi.toml`` in the working directory), the
defaults in ``config.settings``. This is the only module that reads the environment.
"""

import os
import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from dispatch.config import settings as sections

PREFIX: Final = "TAXI_"
NESTED: Final = "__"
DEFAULT_FILE: Final = Path("taxi.toml")
_OLD_NAMES: Final = {"limits": {"dials_per_s": "connections_per_s", "dials_burst": "connections_burst"}}
"""Old names of settings, by section; valid until the next release."""

_from_file: ContextVar[Mapping[str, Any]] = ContextVar("_from_file")


class SettingsError(ValueError):
    """A setting is wrong. The message has one line for each, ``matching.window_s: must be …``."""


class Settings(BaseSettings):
    """All settings, frozen. Created by :func:`load_settings`; secrets are masked in its ``repr``."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter=NESTED,
        nested_model_default_partial_update=True,
        hide_input_in_errors=True,
    )

    server: sections.ServerSettings = sections.ServerSettings()
    journal: sections.JournalSettings = sections.JournalSettings()
    redis: sections.RedisSettings = sections.RedisSettings()
    ray: sections.RaySettings = sections.RaySettings()
    clock: sections.ClockSettings = sections.ClockSettings()
    city: sections.CitySettings = sections.CitySettings()
    matching: sections.MatchingSettings = sections.MatchingSettings()
    offer: sections.OfferSettings = sections.OfferSettings()
    vehicle: sections.VehicleSettings = sections.VehicleSettings()
    trip: sections.TripSettings = sections.TripSettings()
    meter: sections.MeterSettings = sections.MeterSettings()
    track: sections.TrackSettings = sections.TrackSettings()
    auth: sections.AuthSettings = sections.AuthSettings()
    privacy: sections.PrivacySettings = sections.PrivacySettings()
    alipay: sections.AlipaySettings = sections.AlipaySettings()
    map: sections.MapSettings = sections.MapSettings()
    limits: sections.LimitSettings = sections.LimitSettings()
    log: sections.LogSettings = sections.LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        file = InitSettingsSource(settings_cls, _with_current_names(_from_file.get({})))
        environment = InitSettingsSource(settings_cls, _with_current_names(env_settings()))
        return init_settings, environment, file

    @property
    def public_url(self) -> str:
        """The public URL of the server, without a slash at its end."""
        server = self.server
        scheme = "https" if server.tls_cert is not None else "http"
        return (server.public_url or f"{scheme}://{server.host}:{server.port}").rstrip("/")

    @property
    def journal_url(self) -> str:
        return self.journal.url or f"sqlite:///{self.server.data_dir / 'journal.sqlite'}"


def load_settings(file: Path | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the settings. ``overrides`` are values by dotted name (``{"server.port": 0}``) with the highest precedence.

    Raises :class:`SettingsError` for a file that is missing or not TOML, an unknown setting, or a value out of bounds.
    """
    values = _read_file(_chosen_file(file))
    _refuse_unknown_variables(os.environ)
    token = _from_file.set(values)
    try:
        return Settings(**_nested(overrides or {}))
    except ValidationError as error:
        raise SettingsError("\n".join(_line(each) for each in error.errors(include_url=False))) from None
    except SourceError as error:
        raise SettingsError(_source_line(error)) from None
    finally:
        _from_file.reset(token)


def use_ray_token() -> None:
    """Authenticate to a Ray head of the same user, by the token that Ray stores in the user's files.

    To be called before the first import of Ray, which reads the variable once. ``RAY_AUTH_MODE`` takes precedence.
    """
    os.environ.setdefault("RAY_AUTH_MODE", "token")


def _chosen_file(named: Path | None) -> Path | None:
    chosen = named or (Path(os.environ[f"{PREFIX}CONFIG"]) if os.environ.get(f"{PREFIX}CONFIG") else None)
    if chosen is not None:
        return chosen
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None


def _with_current_names(tables: Mapping[str, Any]) -> dict[str, Any]:
    current = dict(tables)
    for section, names in _OLD_NAMES.items():
        table = tables.get(section)
        if isinstance(table, dict):
            former = {names[key]: value for key, value in table.items() if key in names}
            current[section] = former | {key: value for key, value in table.items() if key not in names}
    return current


def _nested(overrides: Mapping[str, object]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for name, value in overrides.items():
        section, _, key = name.partition(".")
        if not key:
            raise SettingsError(f"{name}: unknown setting")
        tables.setdefault(section, {})[key] = value
    return tables


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """A misspelt section would be ignored silently; misspelt keys are refused by validation."""
    for name in sorted(environ):
        section, _, key = name.removeprefix(PREFIX).lower().partition(NESTED)
        if name.startswith(PREFIX) and name != f"{PREFIX}CONFIG" and (section not in Settings.model_fields or not key):
            raise SettingsError(f"{name}: unknown setting")


def _line(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown setting"
    if error["type"] in {"model_type", "model_attributes_type"}:
        return f"{place}: must be a table of settings"
    if error["type"] == "value_error":
        return f"{place}.{error['msg'].removeprefix('Value error, ')}"
    return f"{place}: {error['msg'].replace('Input should be', 'must be')}"


def _source_line(error: SourceError) -> str:
    return f"environment: {' '.join(str(error).split())}"
