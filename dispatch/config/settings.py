"""The settings: what can be set, its default, its unit and what it means. :mod:`dispatch.config.loader` reads them.

Seconds are on the city's clock or on the wall's, as each unit says (they differ where ``clock.speed`` is not 1).
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

T = TypeVar("T")

CITY_S = "s, city"
WALL_S = "s, wall"


def _set(
    default: T,
    meaning: str,
    unit: str = "",
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
) -> T:
    """A field with its default, meaning, unit and bounds."""
    extra = {"unit": unit}
    field: T = Field(default, description=meaning, ge=ge, gt=gt, le=le, json_schema_extra=dict(extra))
    return field


class Section(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class ServerSettings(Section):
    """Where the server listens and keeps its files."""

    host: str = _set("127.0.0.1", "Address to listen on; `0.0.0.0` for every interface.")
    port: int = _set(8080, "Port of HTTP and WebSocket; 0 lets the system choose.", ge=0, le=65_535)
    gateways: int = _set(1, "Gateway processes that share the port.", ge=1, le=64)
    data_dir: Path = _set(Path("var/taxi"), "Folder for the SQLite journal, the token secret and archives.")
    public_url: str = _set(
        "", "How the outside reaches us, for QR codes and Alipay's notifications; empty: `http://HOST:PORT`."
    )
    origins: tuple[str, ...] = _set(
        (), "Origins whose pages may open a socket, beside `public_url` and the address that was asked; `*`: every one."
    )
    proxies: tuple[str, ...] = _set(
        (),
        "Addresses or networks of reverse proxies on other machines: their `X-Forwarded-For` is believed, and "
        "`limits.connections_per_s` is theirs to keep.",
    )
    tls_cert: Path | None = _set(None, "Certificates (PEM), for HTTPS and WSS by ourselves; empty: plain HTTP.")
    tls_key: Path | None = _set(None, "Their private key (PEM).")
    drain_s: float = _set(5.0, "How long a stopping gateway waits for pending answers.", WALL_S, ge=0)

    @model_validator(mode="after")
    def _networks(self) -> Self:
        for proxy in self.proxies:
            try:
                ip_network(proxy)
            except ValueError as wrong:
                raise ValueError(f"proxies must be addresses or networks: {wrong}") from None
        return self

    @model_validator(mode="after")
    def _both_of_tls(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key must be set together")
        return self


class JournalSettings(Section):
    """Where truth is kept."""

    url: str = _set("", "SQLAlchemy URL, `postgresql+asyncpg://…`; empty: SQLite in `server.data_dir`.")
    commit_window_ms: float = _set(5.0, "How long events are gathered for one transaction.", "ms, wall", ge=0, le=1000)
    keep_replies_days: float = _set(
        30.0, "A command that is sent again within so many days gets the same answer; 0: always.", "days, wall", ge=0
    )
    keep_said_days: float = _set(
        1100.0,
        "What was asked of Alipay and said by it is removed after so many days; 0: never. China's E-Commerce Law, "
        "article 31, asks for three years.",
        "days",
        ge=0,
    )
    shards: int = _set(256, "Shards that entities are hashed to. Must not change on existing data.", ge=1, le=65_536)


class RedisSettings(Section):
    """Where soft state is kept."""

    url: str = _set("", "`redis://…` of a Redis or Valkey; empty: an embedded server as a child process.")


class RaySettings(Section):
    """How the actors are hosted."""

    address: str = _set("", "Address of a Ray cluster; empty: a head of our own on this machine.")
    vehicle_hosts: int = _set(2, "Host processes for vehicles.", ge=1, le=1024)
    trip_hosts: int = _set(1, "Host processes for trips.", ge=1, le=1024)
    payment_hosts: int = _set(1, "Host processes for payments.", ge=1, le=1024)
    placement: Literal["sharded", "dedicated"] = _set(
        "sharded", "`sharded`: many entities a host; `dedicated`: a Ray actor for each vehicle, trip and payment."
    )
    passivate_after_s: float = _set(600.0, "An entity that hears nothing for so long is put to sleep.", CITY_S, gt=0)


class ClockSettings(Section):
    """How fast the city lives."""

    speed: float = _set(1.0, "City seconds in a wall second; 1 in production.", gt=0, le=1000)


class ZoneSettings(Section):
    """A named disc on the map."""

    name: str = _set("", "Name, as tariffs use it.")
    lat: float = _set(0.0, "Latitude.", "degrees", ge=-90, le=90)
    lng: float = _set(0.0, "Longitude.", "degrees", ge=-180, le=180)
    radius_m: float = _set(1000.0, "Radius.", "m", gt=0)


SFO = ZoneSettings(name="SFO", lat=37.6190, lng=-122.3816, radius_m=2500.0)


class CitySettings(Section):
    """Which city, and what a ride costs there."""

    name: str = _set("san_francisco", "City: a shipped one, or the folder of an imported one.")
    cache_dir: Path = _set(Path("var/cache"), "Folder for the travel-time table, made once for each city.")
    tariff: str = _set("san_francisco", "Tariff: `san_francisco`, `shanghai`, or a `.toml` file.")
    zones: tuple[ZoneSettings, ...] = _set(
        (SFO,), "Named zones for airport surcharges: tables of `name`, `lat`, `lng`, `radius_m`."
    )


class MatchingSettings(Section):
    """How requests meet cars."""

    window_s: float = _set(2.0, "Requests gathered for one exact assignment; 0: each at once.", CITY_S, ge=0, le=60)
    max_pickup_s: float = _set(900.0, "A car further away is not offered the trip.", CITY_S, gt=0)
    give_up_s: float = _set(300.0, "A request unmatched for so long ends unserved.", CITY_S, gt=0)
    ageing: float = _set(0.1, "Seconds of pick-up forgiven for each second waited; 0: none.", ge=0)
    ageing_ceiling_s: float = _set(300.0, "The most that ageing forgives.", CITY_S, ge=0)
    h3_resolution: int = _set(9, "H3 resolution of the index of free cars.", ge=5, le=12)
    regions: int = _set(1, "Matchers that share the city.", ge=1, le=64)
    candidates: int = _set(32, "Cars looked at for a request at first; widened where it could matter.", ge=1, le=4096)
    hold_s: float = _set(60.0, "A proposal without an outcome is forgotten after this.", CITY_S, gt=0)


class OfferSettings(Section):
    """Offers to drivers."""

    countdown_s: float = _set(15.0, "An offer expires after this.", CITY_S, gt=0)


class VehicleSettings(Section):
    """What is believed of a vehicle."""

    stale_after_s: float = _set(30.0, "Without a fix for so long, a car gets no offers.", CITY_S, gt=0)
    max_kmh: float = _set(150.0, "A fix that implies a higher speed is a jump.", "km/h", gt=0)
    future_tolerance_s: float = _set(
        5.0, "How far a fix may lie in the future, after the phone's clock offset is taken off.", WALL_S, ge=0
    )


class TripSettings(Section):
    """Deadlines of a trip."""

    reservation_lead_s: float = _set(1200.0, "A reservation is matched so long before its time.", CITY_S, ge=0)
    no_show_after_s: float = _set(300.0, "A driver at the pick-up may report a no-show after this.", CITY_S, ge=0)


class TrackSettings(Section):
    """The archive of cars' ways, for replay."""

    every_s: float = _set(5.0, "A point of a car's way is kept at most so often.", CITY_S, ge=1, le=60)
    chunk_s: float = _set(120.0, "Ways are written in stretches of so long; a crash costs one.", CITY_S, ge=10, le=600)
    keep_days: float = _set(14.0, "Ways are removed after so many days of the city; 0: none are kept.", "days", ge=0)


class MeterSettings(Section):
    """The GPS meter."""

    checkpoint_m: float = _set(200.0, "A checkpoint is written after so much way.", "m", gt=0)
    checkpoint_s: float = _set(10.0, "A checkpoint is written after so much time.", CITY_S, gt=0)
    waiting_below_kmh: float = _set(0.0, "Below this a ride is waiting; 0: the tariff's own speed.", "km/h", ge=0)


class AuthSettings(Section):
    """Who may come in."""

    token_secret: SecretStr = _set(
        SecretStr(""), "Key that signs tokens, 32 characters or more; empty: made once in `data_dir`."
    )
    token_ttl_s: float = _set(43_200.0, "How long a sign-in holds.", WALL_S, gt=0)
    share_ttl_s: float = _set(7_200.0, "How long a link to follow a trip is good for.", WALL_S, gt=0)
    sms: Literal["log"] = _set(
        "log", "How codes reach passengers. `log` writes them to `sms.jsonl` in `server.data_dir`: for development."
    )
    sms_code_ttl_s: float = _set(300.0, "How long a passenger's code is good for.", WALL_S, gt=0)
    sign_in_attempts: int = _set(5, "Wrong secrets in a row for one name before it is locked.", ge=1)
    sign_in_lock_s: float = _set(300.0, "How long a locked name stays locked.", WALL_S, ge=0)

    @model_validator(mode="after")
    def _strong_enough(self) -> Self:
        if 0 < len(self.token_secret.get_secret_value()) < 32:
            raise ValueError("token_secret must have 32 characters or more")
        return self


class PrivacySettings(Section):
    """How phone numbers are kept."""

    master_key: SecretStr = _set(
        SecretStr(""),
        "Base64 of 32 bytes: wraps the key of each passenger. Several, separated by spaces: the first wraps, the "
        "others still open. Empty: made once in `data_dir`, and anew by `taxi privacy rotate`.",
    )


class AlipayAccount(Section):
    """An account at Alipay, or at an acquirer."""

    protocol: Literal["mapi", "openapi", "acquirer"] = _set(
        "mapi", "`mapi`: `alipay.acquire.*`; `openapi`: `alipay.trade.*`; `acquirer`: an acquirer's own gateway."
    )
    market: Literal["cross-border", "mainland"] = _set("cross-border", "Which calls of mapi serve orders by scan.")
    gateway_url: str = _set(
        "",
        "Of `mapi` (`https://globalmapi.alipay.com/gateway.do`, in the mainland `https://mapi.alipay.com/gateway.do`) "
        "or `acquirer`; empty: none.",
    )
    openapi_url: str = _set(
        "",
        "Of `openapi`, `https://openapi.alipay.com/gateway.do`; for the other protocols it tells who the passenger is "
        "and has the daily bill; empty: none.",
    )
    authorize_url: str = _set(
        "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm", "Page that tells who the passenger is."
    )
    partner: str = _set("", "Partner id (PID), 16 digits from 2088; the company's name at an acquirer.")
    seller_id: str = _set("", "Who receives the money; empty: the partner.")
    seller_email: str = _set("", "The seller's address, for notifications without an id.")
    sign_type: Literal["MD5", "RSA", "RSA2", "HMAC-SHA256"] = _set(
        "RSA", "How requests are signed: by `mapi` one of the first three, by `acquirer` one of the last two."
    )
    md5_key: SecretStr = _set(SecretStr(""), "Key of 32 characters, for `MD5`.")
    acquirer_secret: SecretStr = _set(SecretStr(""), "Key of 32 characters or more, for `HMAC-SHA256`.")
    private_key: SecretStr = _set(SecretStr(""), "Our RSA key, PEM or bare base64, for `RSA` and `RSA2`.")
    private_key_file: Path | None = _set(None, "The same in a file.")
    alipay_public_key: str = _set("", "Alipay's (the acquirer's) public key, PEM or bare base64.")
    alipay_public_key_file: Path | None = _set(None, "The same in a file.")
    app_id: str = _set("", "The application at the openapi gateway.")
    openapi_sign_type: Literal["RSA", "RSA2"] = _set("RSA2", "How requests to the openapi gateway are signed.")
    app_private_key: SecretStr = _set(SecretStr(""), "The application's RSA key; empty: `private_key`.")
    app_private_key_file: Path | None = _set(None, "The same in a file.")
    openapi_public_key: str = _set("", "Alipay's public key for the application; empty: `alipay_public_key`.")
    openapi_public_key_file: Path | None = _set(None, "The same in a file.")
    app_cert_file: Path | None = _set(None, "The application's certificate, where it signs in certificate mode.")
    alipay_cert_file: Path | None = _set(None, "Alipay's certificate, or while it changes several; certificate mode.")
    alipay_root_cert_file: Path | None = _set(None, "Alipay's root certificates; certificate mode.")
    content_key: SecretStr = _set(SecretStr(""), "AES key that encrypts openapi's business fields; empty: none.")
    app_auth_token: SecretStr = _set(SecretStr(""), "The company's leave for a third party's application.")
    sys_service_provider_id: str = _set("", "PID of the system's provider, where it serves several companies.")
    currency: Literal["USD", "CNY", "HKD", "EUR", "GBP", "JPY", "KRW"] = _set(
        "USD", "Currency that Alipay settles in; fares are in the tariff's."
    )
    product_code: str = _set("", "Alipay's product for orders on a page; empty: the protocol's usual one.")
    code_product_code: str = _set("", "For orders by a code on the driver's screen.")
    scan_product_code: str = _set("", "For orders by the passenger's code.")
    secondary_merchant_id: str = _set("", "The taxi company's id, where the partner is its acquirer.")
    secondary_merchant_name: str = _set("", "The taxi company's name.")
    secondary_merchant_industry: str = _set("4121", "Its category; taxis are 4121 in ISO 18245.")
    store_id: str = _set("", "The company's shop at Alipay, where it has one.")
    store_name: str = _set("", "Its name.")
    notify_verify: bool = _set(default=False, meaning="Ask mapi whether it sent a notification, beside the signature.")
    timeout_s: float = _set(10.0, "One call; after that its outcome is unknown and is asked for.", WALL_S, gt=0)

    @property
    def collects(self) -> bool:
        """Whether anybody can pay by it."""
        return bool(self.openapi_url and self.app_id) if self.protocol == "openapi" else bool(self.gateway_url)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.app_id or (self.protocol == "openapi" and self.openapi_url):
            self._check_openapi()
        if not self.collects:
            return self
        if not self.partner:
            place = "openapi_url" if self.protocol == "openapi" else "gateway_url"
            raise ValueError(f"partner must be set where {place} is")
        if self.protocol != "openapi":
            self._check_keys()
        return self

    def _check_keys(self) -> None:
        known = ("MD5", "RSA", "RSA2") if self.protocol == "mapi" else ("HMAC-SHA256", "RSA2")
        if self.sign_type not in known:
            raise ValueError(f"sign_type must be one of {', '.join(known)} for protocol {self.protocol}")
        if self.sign_type == "MD5" and not self.md5_key.get_secret_value():
            raise ValueError("md5_key must be set for sign_type MD5")
        if self.sign_type == "HMAC-SHA256" and len(self.acquirer_secret.get_secret_value()) < 32:
            raise ValueError("acquirer_secret must have 32 characters or more for sign_type HMAC-SHA256")
        if self.sign_type in ("RSA", "RSA2") and not (self._has_private_key and self._has_public_key):
            raise ValueError(f"private_key_file and alipay_public_key_file must be set for sign_type {self.sign_type}")

    def _check_openapi(self) -> None:
        if not self.app_id or not self.openapi_url:
            raise ValueError("app_id and openapi_url must be set together")
        if not (self.app_private_key.get_secret_value() or self.app_private_key_file or self._has_private_key):
            raise ValueError("app_private_key_file must be set where app_id is")
        if self.app_cert_file and not (self.alipay_cert_file and self.alipay_root_cert_file):
            raise ValueError("alipay_cert_file and alipay_root_cert_file must be set where app_cert_file is")
        has_key = self.openapi_public_key or self.openapi_public_key_file or self._has_public_key
        if not self.app_cert_file and not has_key:
            raise ValueError("openapi_public_key_file or app_cert_file must be set where app_id is")

    @property
    def _has_private_key(self) -> bool:
        return bool(self.private_key.get_secret_value() or self.private_key_file)

    @property
    def _has_public_key(self) -> bool:
        return bool(self.alipay_public_key or self.alipay_public_key_file)


class AlipaySettings(AlipayAccount):
    """The account that collects, at Alipay or an acquirer. A company of a system provider has an account of its own in
    a section `[alipay.companies.ID]` with these settings (but the last four), where nothing is taken from here."""

    pay_within_min: int = _set(30, "An order not paid by then is closed.", "min, wall", ge=1, le=21_600)
    bridge_url: str = _set(
        "", "Script that plays the Alipay app's bridge in any browser, the sandbox's `/sandbox/bridge.js`; empty: none."
    )
    reconcile_at: str = _set(
        "10:00", "When a day's books are held against Alipay's bill, on the next day in Beijing; empty: only by hand."
    )
    companies: dict[str, AlipayAccount] = _set({}, "Accounts of companies' own, by the company's id.")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.bridge_url and not self.bridge_url.startswith(("http://", "https://")):
            raise ValueError("bridge_url must begin with http:// or https://")
        return self

    @model_validator(mode="after")
    def _a_time_of_day(self) -> Self:
        if self.reconcile_at and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", self.reconcile_at):
            raise ValueError("reconcile_at must be a time like 10:00, or empty")
        return self


class MapSettings(Section):
    """What maps in the web apps are drawn from."""

    tiles: str = _set(
        "",
        "Raster tiles of a server, `https://HOST/{z}/{x}/{y}.png`: browsers then ask it for pictures of the map. "
        "Empty: the map is drawn from the city's own land and streets, and no request leaves us.",
    )

    @model_validator(mode="after")
    def _a_template(self) -> Self:
        if self.tiles and not re.fullmatch(r"https?://[A-Za-z0-9.:-]+/[^\s;,'\"]*", self.tiles):
            raise ValueError("tiles must be an address that begins with http:// or https://")
        if self.tiles and not all(part in self.tiles for part in ("{z}", "{x}", "{y}")):
            raise ValueError("tiles must hold {z}, {x} and {y}")
        return self


class LimitSettings(Section):
    """What one connection may do."""

    max_message_bytes: int = _set(65_536, "A larger message is refused.", "bytes", ge=1024)
    messages_per_s: float = _set(50.0, "Messages for long.", "1/s, wall", gt=0)
    burst: int = _set(200, "Messages at once.", ge=1)
    sign_ins_per_s: float = _set(2.0, "Sign-ins from one address, for long.", "1/s, wall", gt=0)
    sign_ins_burst: int = _set(60, "Sign-ins from one address, at once.", ge=1)
    sockets_per_s: float = _set(50.0, "Sockets opened from one address, for long.", "1/s, wall", gt=0)
    sockets_burst: int = _set(1000, "Sockets opened from one address, at once.", ge=1)
    connections_per_s: float = _set(
        100.0,
        "Sustained rate of TCP connections from one address; connections above it are closed at once. "
        "The old name `dials_per_s` is valid until the next release.",
        "1/s, wall",
        gt=0,
    )
    connections_burst: int = _set(
        2000,
        "Burst of TCP connections from one address. The old name `dials_burst` is valid until the next release.",
        ge=1,
    )
    outbox: int = _set(1000, "Messages that wait for a slow reader before it is closed.", ge=1)
    shed_after_lag_s: float = _set(
        0.5, "A gateway that lags by more leaves out the map, then positions; never events.", WALL_S, gt=0
    )


class LogSettings(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = _set("info", "The least that is logged.")
    format: Literal["console", "json"] = _set("console", "`console` for people, `json` for machines.")
