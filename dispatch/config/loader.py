"""Settings from a TOML file and the environment: read once, by whoever starts the system, then passed on frozen.

What is set where wins in this order: what the caller gives (the command line), the environment
(``TAXI_MATCHING__WINDOW_S=0``), the TOML file (``--config``, else the file that ``TAXI_CONFIG`` names, else
``taxi.toml`` in the working directory), the defaults of ``config.settings``. This is the only module that reads
the environment.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from dispatch.config import settings as sections
from dispatch.config.tariffs import TariffError, read_tariff
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.personal_keys import KEY_BYTES, Vault, VaultError, read_masters
from dispatch.domain.rules import Rules, Zone
from dispatch.domain.vehicle.track_recorder import TrackSettings

PREFIX: Final = "TAXI_"
NESTED: Final = "__"
DEFAULT_FILE: Final = Path("taxi.toml")
MASTER_KEYS: Final = "master_keys"

_from_file: ContextVar[Mapping[str, Any]] = ContextVar("_from_file")


class SettingsError(ValueError):
    """A setting is wrong. The message is one line for each, ``matching.window_s: must be …``."""


class Settings(BaseSettings):
    """All settings, frozen. Make one with :func:`load_settings`; secrets are masked when it is printed."""

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
        """The caller's values, then the environment, then the file."""
        del dotenv_settings, file_secret_settings
        file = InitSettingsSource(settings_cls, dict(_from_file.get({})))
        return init_settings, env_settings, file

    @property
    def public_url(self) -> str:
        """How the outside reaches us, without a slash at the end."""
        server = self.server
        scheme = "https" if server.tls_cert is not None else "http"
        return (server.public_url or f"{scheme}://{server.host}:{server.port}").rstrip("/")

    @property
    def journal_url(self) -> str:
        """The SQLAlchemy URL of the journal."""
        return self.journal.url or f"sqlite:///{self.server.data_dir / 'journal.sqlite'}"


def load_settings(file: Path | None = None, given: Mapping[str, object] | None = None) -> Settings:
    """Read the settings. ``given`` are values by dotted name (``{"server.port": 0}``) that win over all else.

    Raises :class:`SettingsError` for a file that is missing or is not TOML, for a name that is no setting, and for a
    value that is out of its bounds.
    """
    values = _read_file(_chosen_file(file))
    _refuse_unknown_variables(os.environ)
    token = _from_file.set(values)
    try:
        return Settings(**_nested(given or {}))
    except ValidationError as error:
        raise SettingsError("\n".join(_line(each) for each in error.errors(include_url=False))) from None
    except SourceError as error:
        raise SettingsError(_source_line(error)) from None
    finally:
        _from_file.reset(token)


def rules_of(settings: Settings) -> Rules:
    """What entities decide by. Raises :class:`SettingsError` where ``city.tariff`` names no tariff."""
    try:
        tariff = read_tariff(settings.city.tariff)
    except TariffError as error:
        raise SettingsError(f"city.tariff: {error}") from None
    meter = settings.meter
    waiting_kmh = meter.waiting_below_kmh or tariff.waiting.below_kmh
    return Rules(
        tariff=tariff,
        meter=MeterRules(waiting_kmh, checkpoint_m=meter.checkpoint_m, checkpoint_s=meter.checkpoint_s),
        offer_countdown_s=settings.offer.countdown_s,
        stale_after_s=settings.vehicle.stale_after_s,
        give_up_s=settings.matching.give_up_s,
        reservation_lead_s=settings.trip.reservation_lead_s,
        no_show_after_s=settings.trip.no_show_after_s,
        max_mps=settings.vehicle.max_kmh / 3.6,
        future_tolerance_s=settings.vehicle.future_tolerance_s * max(1.0, settings.clock.speed),
        zones=tuple(Zone(zone.name, zone.lat, zone.lng, zone.radius_m) for zone in settings.city.zones),
    )


def track_settings_of(settings: Settings) -> TrackSettings:
    """How cars' ways are kept."""
    track = settings.track
    return TrackSettings(every_s=track.every_s, chunk_s=track.chunk_s, keep_s=track.keep_days * 86_400)


def token_secret(settings: Settings) -> SecretStr:
    """The key that signs tokens: the one set, else one made on first use and kept in the data folder (mode 600)."""
    if settings.auth.token_secret.get_secret_value():
        return settings.auth.token_secret
    path = settings.server.data_dir / "token_secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(48))
    return SecretStr(path.read_text(encoding="ascii"))


def vault_of(settings: Settings) -> Vault:
    """The keys of passengers. Raises :class:`SettingsError` where the master key is none."""
    vault = Vault(partial(_master_keys, settings), secrets.token_bytes)
    try:
        vault.current  # noqa: B018 - read now, so that a wrong key is told at the start
    except VaultError as error:
        raise SettingsError(f"privacy.master_key: {error}") from None
    return vault


def new_master_key(settings: Settings) -> None:
    """Put a new master key before those of the data folder; the one before it still opens."""
    path = settings.server.data_dir / MASTER_KEYS
    before = path.read_text(encoding="ascii").split() if path.exists() else []
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.touch(mode=0o600)
    draft.write_text("\n".join([_made_key(), *before]) + "\n", encoding="ascii")
    draft.replace(path)


def _master_keys(settings: Settings) -> tuple[bytes, ...]:
    """The keys set, else those in the data folder (mode 600), the first of which is made on first use."""
    given = settings.privacy.master_key.get_secret_value()
    path = settings.server.data_dir / MASTER_KEYS
    if not given and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, _made_key())
    return read_masters(given or path.read_text(encoding="ascii"))


def _made_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def use_ray_token() -> None:
    """Speak to a Ray head that the same user started: it asks for the token that Ray keeps with the user's files.

    Ray looks once, so this comes before it is imported. ``RAY_AUTH_MODE`` in the environment wins.
    """
    os.environ.setdefault("RAY_AUTH_MODE", "token")


def _write_once(path: Path, text: str) -> None:
    """Write a file that only the owner reads. Of several writers at once the first wins, with its whole text."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(text, encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def render_settings_markdown() -> str:
    """The text of ``docs/settings.md``."""
    lines = [
        "# Settings",
        "",
        "Made from `dispatch/config/settings.py` by `render_settings_markdown()`; do not edit.",
        "",
        "A setting is a line of a TOML file (`--config FILE`, else the file that `TAXI_CONFIG` names, else `taxi.toml`",
        "in the working directory), or a variable of the environment, which wins: `matching.window_s` is",
        "`TAXI_MATCHING__WINDOW_S`. Seconds are on the city's clock or on the wall's; at `clock.speed` 1 both are one.",
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
    """A default as one writes it in TOML."""
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
    """The bounds of a field, in words."""
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


def _nested(given: Mapping[str, object]) -> dict[str, Any]:
    """Values by dotted name as tables."""
    tables: dict[str, Any] = {}
    for name, value in given.items():
        section, _, key = name.partition(".")
        if not key:
            raise SettingsError(f"{name}: there is no such setting")
        tables.setdefault(section, {})[key] = value
    return tables


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """A misspelt section in the environment would be passed over in silence; misspelt keys are refused later."""
    for name in sorted(environ):
        section, _, key = name.removeprefix(PREFIX).lower().partition(NESTED)
        if name.startswith(PREFIX) and name != f"{PREFIX}CONFIG" and (section not in Settings.model_fields or not key):
            raise SettingsError(f"{name}: there is no such setting")


def _line(error: ErrorDetails) -> str:
    """One line that names the setting and says what it must be."""
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such setting"
    if error["type"] in {"model_type", "model_attributes_type"}:
        return f"{place}: must be a table of settings"
    if error["type"] == "value_error":
        return f"{place}.{error['msg'].removeprefix('Value error, ')}"
    return f"{place}: {error['msg'].replace('Input should be', 'must be')}"


def _source_line(error: SourceError) -> str:
    return f"environment: {' '.join(str(error).split())}"
