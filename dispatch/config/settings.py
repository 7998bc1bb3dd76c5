"""All settings: name, default, unit, bounds and meaning. :mod:`dispatch.config.loader` reads them.

Seconds are city time or wall time, as each unit says; they differ if ``clock.speed`` is not 1.
"""

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
    extra = {"unit": unit}
    field: T = Field(default, description=meaning, ge=ge, gt=gt, le=le, json_schema_extra=dict(extra))
    return field


class Section(BaseModel):
    """One table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class ServerSettings(Section):
    """Addresses and files of the server."""

    host: str = _set("127.0.0.1", "Address to listen on; `0.0.0.0` for all interfaces.")
    port: int = _set(8080, "Port for HTTP and WebSocket; 0 selects a free port.", ge=0, le=65_535)
    gateways: int = _set(1, "Gateway processes that share the port.", ge=1, le=64)
    data_dir: Path = _set(Path("var/taxi"), "Folder for the SQLite journal, the token secret and archives.")
    public_url: str = _set(
        "", "Public URL of the server, for QR codes and Alipay's notifications; empty: `http://HOST:PORT`."
    )
    origins: tuple[str, ...] = _set(
        (), "Origins whose pages may open a WebSocket, besides `public_url` and the requested host; `*`: all origins."
    )
    proxies: tuple[str, ...] = _set(
        (),
        "Addresses or networks of reverse proxies on other machines. Their `X-Forwarded-For` header is trusted, and "
        "`limits.connections_per_s` does not apply to them.",
    )
    tls_cert: Path | None = _set(None, "Certificate chain (PEM) for HTTPS and WSS; empty: plain HTTP.")
    tls_key: Path | None = _set(None, "Private key (PEM) of `tls_cert`.")
    drain_s: float = _set(5.0, "Time for pending replies when a gateway stops.", WALL_S, ge=0)

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
    """The journal: all state that must not be lost."""

    url: str = _set("", "SQLAlchemy URL, `postgresql+asyncpg://…`; empty: SQLite in `server.data_dir`.")
    commit_window_ms: float = _set(
        5.0, "Time for which events are gathered into one transaction.", "ms, wall", ge=0, le=1000
    )
    keep_replies_days: float = _set(
        30.0, "Time for which a repeated command gets the same reply; 0: forever.", "days, wall", ge=0
    )
    keep_said_days: float = _set(
        1100.0,
        "Age at which stored requests to and responses from Alipay are deleted; 0: never. Article 31 of China's "
        "E-Commerce Law demands three years.",
        "days",
        ge=0,
    )
    shards: int = _set(
        256, "Shards that entities are hashed to. It must not change once a journal exists.", ge=1, le=65_536
    )


class RedisSettings(Section):
    """Redis or Valkey: state that may be lost."""

    url: str = _set("", "URL of Redis or Valkey, `redis://…`; empty: an embedded server as a child process.")


class RaySettings(Section):
    """Host processes of the actors."""

    address: str = _set("", "Address of a Ray cluster; empty: start a Ray head on this machine.")
    vehicle_hosts: int = _set(2, "Host processes for vehicles.", ge=1, le=1024)
    trip_hosts: int = _set(1, "Host processes for trips.", ge=1, le=1024)
    payment_hosts: int = _set(1, "Host processes for payments.", ge=1, le=1024)
    placement: Literal["sharded", "dedicated"] = _set(
        "sharded",
        "`sharded`: many entities in one host; `dedicated`: one Ray actor for each vehicle, trip and payment.",
    )
    passivate_after_s: float = _set(600.0, "Idle time after which an entity is unloaded from memory.", CITY_S, gt=0)


class ClockSettings(Section):
    """Speed of city time."""

    speed: float = _set(1.0, "City seconds per wall second; 1 in production.", gt=0, le=1000)


class ZoneSettings(Section):
    """A named circle on the map."""

    name: str = _set("", "Name, as in tariffs.")
    lat: float = _set(0.0, "Latitude.", "degrees", ge=-90, le=90)
    lng: float = _set(0.0, "Longitude.", "degrees", ge=-180, le=180)
    radius_m: float = _set(1000.0, "Radius.", "m", gt=0)


SFO = ZoneSettings(name="SFO", lat=37.6190, lng=-122.3816, radius_m=2500.0)


class CitySettings(Section):
    """The city and its tariff."""

    name: str = _set("san_francisco", "A city that is included, or the folder of an imported city.")
    cache_dir: Path = _set(Path("var/cache"), "Folder for the travel-time matrix, computed once for each city.")
    tariff: str = _set("san_francisco", "Tariff: `san_francisco`, `shanghai`, or a `.toml` file.")
    zones: tuple[ZoneSettings, ...] = _set(
        (SFO,), "Zones for airport surcharges: tables of `name`, `lat`, `lng`, `radius_m`."
    )


class MatchingSettings(Section):
    """Matching of requests and vehicles."""

    window_s: float = _set(
        2.0, "Time for which requests are gathered into one assignment; 0: none.", CITY_S, ge=0, le=60
    )
    max_pickup_s: float = _set(900.0, "Maximum pick-up time; no offer goes to a vehicle further away.", CITY_S, gt=0)
    give_up_s: float = _set(300.0, "Time after which an unmatched request ends unserved.", CITY_S, gt=0)
    ageing: float = _set(0.1, "Pick-up seconds credited for each second that a request has waited; 0: none.", ge=0)
    ageing_ceiling_s: float = _set(300.0, "Maximum credit by `ageing`.", CITY_S, ge=0)
    h3_resolution: int = _set(9, "H3 resolution of the index of available vehicles.", ge=5, le=12)
    regions: int = _set(1, "Matchers that share the city.", ge=1, le=64)
    candidates: int = _set(
        32, "Nearest vehicles considered for a request at first; more if they could change the result.", ge=1, le=4096
    )
    hold_s: float = _set(60.0, "Time after which a proposal without an outcome is dropped.", CITY_S, gt=0)


class OfferSettings(Section):
    """Offers to drivers."""

    countdown_s: float = _set(15.0, "Time to accept an offer.", CITY_S, gt=0)


class VehicleSettings(Section):
    """Checks of GPS fixes."""

    stale_after_s: float = _set(30.0, "Age of the last fix after which a vehicle gets no offers.", CITY_S, gt=0)
    max_kmh: float = _set(150.0, "Speed above which a fix is rejected as a jump.", "km/h", gt=0)
    future_tolerance_s: float = _set(
        5.0,
        "Maximum time of a fix ahead of the server clock, after correction of the phone's clock offset.",
        WALL_S,
        ge=0,
    )


class TripSettings(Section):
    """Deadlines of a trip."""

    reservation_lead_s: float = _set(1200.0, "Time before a reserved pick-up at which matching starts.", CITY_S, ge=0)
    no_show_after_s: float = _set(
        300.0, "Waiting time at the pick-up after which a no-show may be reported.", CITY_S, ge=0
    )


class TrackSettings(Section):
    """The track archive, for replay."""

    every_s: float = _set(5.0, "Minimum interval of points in a vehicle's track.", CITY_S, ge=1, le=60)
    chunk_s: float = _set(120.0, "Length of one stored stretch; a crash loses at most one.", CITY_S, ge=10, le=600)
    keep_days: float = _set(14.0, "City days after which tracks are deleted; 0: no tracks.", "days", ge=0)


class MeterSettings(Section):
    """The GPS meter."""

    checkpoint_m: float = _set(200.0, "Distance after which a checkpoint is written.", "m", gt=0)
    checkpoint_s: float = _set(10.0, "Time after which a checkpoint is written.", CITY_S, gt=0)
    waiting_below_kmh: float = _set(
        0.0, "Speed below which waiting time is charged; 0: the tariff's speed.", "km/h", ge=0
    )


class AuthSettings(Section):
    """Sign-in and tokens."""

    token_secret: SecretStr = _set(
        SecretStr(""), "Key that signs tokens, at least 32 characters; empty: a key file in `server.data_dir`."
    )
    token_ttl_s: float = _set(43_200.0, "Lifetime of a sign-in.", WALL_S, gt=0)
    share_ttl_s: float = _set(7_200.0, "Lifetime of a link to follow a trip.", WALL_S, gt=0)
    sms: Literal["log"] = _set(
        "log", "Delivery of sign-in codes. `log` writes them to `sms.jsonl` in `server.data_dir`, for development."
    )
    sms_code_ttl_s: float = _set(300.0, "Lifetime of a passenger's sign-in code.", WALL_S, gt=0)
    sign_in_attempts: int = _set(5, "Wrong secrets in a row after which a name is locked.", ge=1)
    sign_in_lock_s: float = _set(300.0, "Duration of a lock.", WALL_S, ge=0)

    @model_validator(mode="after")
    def _strong_enough(self) -> Self:
        if 0 < len(self.token_secret.get_secret_value()) < 32:
            raise ValueError("token_secret must have 32 characters or more")
        return self


class PrivacySettings(Section):
    """Encryption of phone numbers."""

    master_key: SecretStr = _set(
        SecretStr(""),
        "Base64 of 32 bytes; encrypts the key of each passenger. Of several keys, separated by spaces, the first "
        "encrypts and the others only decrypt. Empty: a key file in `server.data_dir` (see `taxi privacy rotate`).",
    )


class AlipayAccount(Section):
    """An account at Alipay, or at an acquirer."""

    protocol: Literal["mapi", "openapi", "acquirer"] = _set(
        "mapi", "`mapi`: `alipay.acquire.*`; `openapi`: `alipay.trade.*`; `acquirer`: an acquirer's own gateway."
    )
    market: Literal["cross-border", "mainland"] = _set("cross-border", "Selects the mapi calls for orders by scan.")
    gateway_url: str = _set(
        "",
        "URL of the `mapi` gateway (`https://globalmapi.alipay.com/gateway.do`, in the mainland "
        "`https://mapi.alipay.com/gateway.do`) or of the acquirer; empty: none.",
    )
    openapi_url: str = _set(
        "",
        "URL of the `openapi` gateway, `https://openapi.alipay.com/gateway.do`. With the other protocols it serves "
        "passenger sign-in and the daily bill; empty: none.",
    )
    authorize_url: str = _set(
        "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm", "OAuth page for passenger sign-in."
    )
    partner: str = _set("", "Partner id (PID), 16 digits from 2088; the company's name at an acquirer.")
    seller_id: str = _set("", "PID of the payee; empty: the partner.")
    seller_email: str = _set("", "E-mail address of the seller, for notifications without a seller id.")
    sign_type: Literal["MD5", "RSA", "RSA2", "HMAC-SHA256"] = _set(
        "RSA", "Signature of requests: one of the first three for `mapi`, one of the last two for `acquirer`."
    )
    md5_key: SecretStr = _set(SecretStr(""), "Key of 32 characters, for `MD5`.")
    acquirer_secret: SecretStr = _set(SecretStr(""), "Key of at least 32 characters, for `HMAC-SHA256`.")
    private_key: SecretStr = _set(SecretStr(""), "Our RSA key, PEM or bare base64, for `RSA` and `RSA2`.")
    private_key_file: Path | None = _set(None, "File that contains it.")
    alipay_public_key: str = _set("", "Alipay's (the acquirer's) public key, PEM or bare base64.")
    alipay_public_key_file: Path | None = _set(None, "File that contains it.")
    app_id: str = _set("", "Id of the application at the openapi gateway.")
    openapi_sign_type: Literal["RSA", "RSA2"] = _set("RSA2", "Signature of requests to the openapi gateway.")
    app_private_key: SecretStr = _set(SecretStr(""), "The application's RSA key; empty: `private_key`.")
    app_private_key_file: Path | None = _set(None, "File that contains it.")
    openapi_public_key: str = _set("", "Alipay's public key for the application; empty: `alipay_public_key`.")
    openapi_public_key_file: Path | None = _set(None, "File that contains it.")
    app_cert_file: Path | None = _set(None, "Certificate of the application, in certificate mode.")
    alipay_cert_file: Path | None = _set(None, "Alipay's certificate (several while it changes), in certificate mode.")
    alipay_root_cert_file: Path | None = _set(None, "Alipay's root certificates, in certificate mode.")
    content_key: SecretStr = _set(SecretStr(""), "AES key that encrypts the business fields of openapi; empty: none.")
    app_auth_token: SecretStr = _set(SecretStr(""), "Authorization of a third party's application by the company.")
    sys_service_provider_id: str = _set("", "PID of the system provider, if it serves several companies.")
    currency: Literal["USD", "CNY", "HKD", "EUR", "GBP", "JPY", "KRW"] = _set(
        "USD", "Settlement currency; fares are in the tariff's currency."
    )
    product_code: str = _set("", "Alipay product code of orders on a page; empty: the protocol's default.")
    code_product_code: str = _set("", "Product code of orders by a code on the driver's screen.")
    scan_product_code: str = _set("", "Product code of orders by the passenger's code.")
    secondary_merchant_id: str = _set("", "Id of the taxi company, if the partner is its acquirer.")
    secondary_merchant_name: str = _set("", "Name of the taxi company.")
    secondary_merchant_industry: str = _set("4121", "Category of the taxi company (ISO 18245); taxis are 4121.")
    store_id: str = _set("", "Id of the company's store at Alipay, if it has one.")
    store_name: str = _set("", "Name of that store.")
    notify_verify: bool = _set(default=False, meaning="Also verify the origin of notifications by a call to mapi.")
    timeout_s: float = _set(10.0, "Timeout of a call; afterwards its outcome is unknown and is queried.", WALL_S, gt=0)

    @property
    def collects(self) -> bool:
        return bool(self.openapi_url and self.app_id) if self.protocol == "openapi" else bool(self.gateway_url)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.app_id or (self.protocol == "openapi" and self.openapi_url):
            self._check_openapi()
        if not self.collects:
            return self
        if not self.partner:
            place = "openapi_url" if self.protocol == "openapi" else "gateway_url"
            raise ValueError(f"partner must be set if {place} is set")
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
            raise ValueError("app_private_key_file must be set if app_id is set")
        if self.app_cert_file and not (self.alipay_cert_file and self.alipay_root_cert_file):
            raise ValueError("alipay_cert_file and alipay_root_cert_file must be set if app_cert_file is set")
        has_key = self.openapi_public_key or self.openapi_public_key_file or self._has_public_key
        if not self.app_cert_file and not has_key:
            raise ValueError("openapi_public_key_file or app_cert_file must be set if app_id is set")

    @property
    def _has_private_key(self) -> bool:
        return bool(self.private_key.get_secret_value() or self.private_key_file)

    @property
    def _has_public_key(self) -> bool:
        return bool(self.alipay_public_key or self.alipay_public_key_file)


class AlipaySettings(AlipayAccount):
    """The account that collects, at Alipay or an acquirer. A company of a system provider has its own account in a
    section `[alipay.companies.ID]` with these settings (except the last four); nothing is inherited from this section.
    """

    pay_within_min: int = _set(30, "Time after which an unpaid order is closed.", "min, wall", ge=1, le=21_600)
    bridge_url: str = _set(
        "",
        "Script that emulates the Alipay app's JavaScript bridge, for the sandbox (`/sandbox/bridge.js`); empty: none.",
    )
    reconcile_at: str = _set(
        "10:00", "Time (Beijing) at which the previous day is reconciled with Alipay's bill; empty: only by command."
    )
    companies: dict[str, AlipayAccount] = _set({}, "Companies with their own account, by company id.")

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
    """Base map of the web apps."""

    tiles: str = _set(
        "",
        "URL of a raster tile server, `https://HOST/{z}/{x}/{y}.png`; browsers load tiles from it. "
        "Empty: the map is drawn from the city's own land and streets, without requests to third parties.",
    )

    @model_validator(mode="after")
    def _a_template(self) -> Self:
        if self.tiles and not re.fullmatch(r"https?://[A-Za-z0-9.:-]+/[^\s;,'\"]*", self.tiles):
            raise ValueError("tiles must be a URL that begins with http:// or https://")
        if self.tiles and not all(part in self.tiles for part in ("{z}", "{x}", "{y}")):
            raise ValueError("tiles must contain {z}, {x} and {y}")
        return self


class LimitSettings(Section):
    """Limits of connections and messages."""

    max_message_bytes: int = _set(65_536, "Maximum size of a message.", "bytes", ge=1024)
    messages_per_s: float = _set(50.0, "Sustained rate of messages on one connection.", "1/s, wall", gt=0)
    burst: int = _set(200, "Burst of messages on one connection.", ge=1)
    sign_ins_per_s: float = _set(2.0, "Sustained rate of sign-ins from one address.", "1/s, wall", gt=0)
    sign_ins_burst: int = _set(60, "Burst of sign-ins from one address.", ge=1)
    sockets_per_s: float = _set(50.0, "Sustained rate of WebSocket handshakes from one address.", "1/s, wall", gt=0)
    sockets_burst: int = _set(1000, "Burst of WebSocket handshakes from one address.", ge=1)
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
    outbox: int = _set(1000, "Queued messages above which a slow consumer is disconnected.", ge=1)
    shed_after_lag_s: float = _set(
        0.5, "Event loop lag above which a gateway drops map frames, then positions; never events.", WALL_S, gt=0
    )


class LogSettings(Section):
    """Logging."""

    level: Literal["debug", "info", "warning", "error"] = _set("info", "Minimum level of log messages.")
    format: Literal["console", "json"] = _set("console", "`console`: readable text; `json`: one JSON object per line.")
