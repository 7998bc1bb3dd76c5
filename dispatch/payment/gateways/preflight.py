"""Checks whether each Alipay account is ready before a company goes live, with one sentence per check.

Nothing is changed: the gateway is queried for an order that does not exist and for a bill that is not available yet.
"""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import msgspec
from cryptography import x509

from dispatch.clock import Clock
from dispatch.config.loader import Settings, SettingsError
from dispatch.config.settings import AlipayAccount, AlipaySettings
from dispatch.payment.core.beijing_time import BEIJING
from dispatch.payment.core.port import NotFound, OrderRef, TradeView, Unknown
from dispatch.payment.gateways.bill_download import NoBill
from dispatch.payment.gateways.factory import (
    accounts_of,
    app_private_key_of,
    key_text,
    notify_path,
    open_bill_download,
    open_gateways,
    openapi_public_key_of,
    private_key_of,
    public_key_of,
)
from dispatch.payment.gateways.http_client import HttpClient, HttpStatus, Transport
from dispatch.payment.protocols.openapi.certificates import certificates_of, roots_of
from dispatch.payment.protocols.public_urls import moves_money, url_problem
from dispatch.payment.protocols.signing import Signer, SignType, load_private_key, load_public_key

NO_ORDER: Final = "TAXICHECK"
"""The number of an order that is never placed."""
MOST_SKEW_S: Final = 60.0
RENEW_DAYS: Final = 30
WITHIN_S: Final = 10.0
CALLBACK_PATH: Final = "/pay/callback"

ADVICE: Final[dict[str, str]] = {
    "ILLEGAL_PARTNER": "unknown partner {partner}: check the PID and the gateway's address",
    "ILLEGAL_SIGN": "our signature was rejected: upload the public half of our key for this sign_type",
    "HAS_NO_PUBLICKEY": "no public key of ours for this sign_type: upload it",
    "ILLEGAL_SIGN_TYPE": "this sign_type is not accepted",
    "ILLEGAL_SERVICE": "unknown call: is it a mapi gateway?",
    "HAS_NO_PRIVILEGE": "the contract does not cover these calls: sign up for the product at Alipay",
    "ILLEGAL_ARGUMENT": "request not accepted: the usual cause is a wrong clock on this machine",
    "isv.missing-app-id": "the request contained no app_id",
    "isv.invalid-app-id": "unknown application {app_id}: check app_id and openapi_url",
    "isv.invalid-signature": "our signature was rejected: upload the public half of our key to the application",
    "isv.missing-signature-config": "the application has no key or certificate: upload it",
    "isv.invalid-timestamp": "our time was not accepted: synchronise this machine's clock by NTP",
    "isv.invalid-method": "unknown call",
    "isv.insufficient-isv-permissions": "the application lacks the product: add it and have it approved",
    "isv.insufficient-user-permissions": "the company has not authorised the application for this product",
    "aop.invalid-app-auth-token": "the company's authorisation (app_auth_token) is invalid: request it again",
    "the signature does not verify": "the answer is not signed with the key that is configured as Alipay's",
    "timeout": "no answer in time",
}
"""Advice for the gateway's refusals."""


class PreflightFinding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check of a company's account (``""`` is the default one)."""

    company: str
    what: str
    ok: bool
    text: str


async def check_payments(
    settings: Settings, clock: Clock, *, transport: Transport | None = None
) -> list[PreflightFinding]:
    """Check every configured account. ``transport`` replaces the network for our own address and the clocks."""
    found = []
    http = HttpClient(timeout_s=WITHIN_S, transport=transport)
    try:
        for company, account in accounts_of(settings).items():
            check = _Check(settings, company, account, clock, http)
            found += [finding async for finding in check.findings()]
    finally:
        await http.aclose()
    return found


class _Check:
    """One account."""

    def __init__(
        self, settings: Settings, company: str, account: AlipayAccount, clock: Clock, http: HttpClient
    ) -> None:
        self._settings = _alone(settings, account)
        self._has_others = bool(settings.alipay.companies)
        self._company = company
        self._account = account
        self._clock = clock
        self._http = http
        own = account.openapi_url if account.protocol == "openapi" else account.gateway_url
        self._url = own or account.openapi_url
        self._production = moves_money(self._url, is_acquirer=account.protocol == "acquirer")

    async def findings(self) -> AsyncIterator[PreflightFinding]:
        if not self._account.collects and not self._account.app_id:
            if self._company or not self._has_others:
                yield self._say("account", ok=False, text="no gateway is configured: payment by Alipay is not possible")
            return
        sound = True
        for finding in self._keys():
            sound = sound and finding.ok
            yield finding
        if sound:
            if self._account.collects:
                yield await self._gateway()
            yield await self._application()
        yield await self._clocks()
        for finding in self._addresses():
            yield finding
        yield await self._reachable()

    def _say(self, what: str, *, ok: bool, text: str) -> PreflightFinding:
        return PreflightFinding(company=self._company, what=what, ok=ok, text=text)

    def _keys(self) -> Iterator[PreflightFinding]:
        try:
            for name, sign_type, private, public in _pairs(self._account):
                yield self._pair(name, sign_type, private, public)
            if self._account.app_cert_file is not None:
                yield from self._certificates()
        except (OSError, ValueError) as error:
            yield self._say("keys", ok=False, text=str(error))

    def _pair(self, name: str, sign_type: SignType, private: str, public: str) -> PreflightFinding:
        """Our key and Alipay's belong to two pairs, so their halves must not match."""
        load_private_key(private)
        load_public_key(public)
        signer = Signer.from_keys(sign_type, private_key=private, alipay_public_key=public)
        if signer.verify(b"taxi", signer.sign(b"taxi")):
            text = f"{name}: the key configured as Alipay's is our own public key; copy Alipay's from its console"
            return self._say("keys", ok=False, text=text)
        bits = load_private_key(private).key_size
        if bits < 2048 and sign_type == "RSA2":
            return self._say("keys", ok=False, text=f"{name}: our key has {bits} bits, RSA2 needs 2048")
        return self._say("keys", ok=True, text=f"{name}: our key and Alipay's are readable ({sign_type})")

    def _certificates(self) -> Iterator[PreflightFinding]:
        account = self._account
        ours = certificates_of(key_text("", account.app_cert_file), "app_cert_file")
        private = load_private_key(app_private_key_of(account))
        fits = ours[0].public_key() == private.public_key()
        text = "the application's certificate matches our key" if fits else "app_cert_file does not match our key"
        yield self._say("certificates", ok=fits, text=text)
        theirs = certificates_of(key_text("", account.alipay_cert_file), "alipay_cert_file")
        roots = roots_of(key_text("", account.alipay_root_cert_file), "alipay_root_cert_file")
        for name, held in (("app_cert_file", ours[:1]), ("alipay_cert_file", theirs), ("alipay_root_cert_file", roots)):
            yield self._lasting(name, held)

    def _lasting(self, name: str, held: list[x509.Certificate]) -> PreflightFinding:
        """Of several certificates (around a renewal, or in a bundle of roots) one valid certificate is enough."""
        now = dt.datetime.fromtimestamp(self._clock.wall(), dt.UTC)
        until = max(each.not_valid_after_utc for each in held)
        days = (until - now).days
        if days < 0:
            return self._say("certificates", ok=False, text=f"{name} expired on {until:%Y-%m-%d}")
        text = f"{name} is valid until {until:%Y-%m-%d}"
        if days < RENEW_DAYS:
            return self._say("certificates", ok=False, text=f"{text}, in {days} days: renew it")
        return self._say("certificates", ok=True, text=text)

    async def _gateway(self) -> PreflightFinding:
        try:
            gateways = open_gateways(self._settings, self._clock)
        except SettingsError as error:
            return self._say("gateway", ok=False, text=str(error))
        answer = await gateways.for_company("").query(OrderRef(NO_ORDER))
        await gateways.aclose()
        who = self._account.app_id if self._account.protocol == "openapi" else self._account.partner
        if isinstance(answer, NotFound | TradeView):
            return self._say("gateway", ok=True, text=f"{self._url} gives signed answers for {who}")
        return self._say("gateway", ok=False, text=f"{self._url}: {self._meaning(answer)}")

    async def _application(self) -> PreflightFinding:
        """Check the application for sign-in and bills by a query for today's bill, which never exists."""
        try:
            download = open_bill_download(self._settings, self._clock)
        except SettingsError as error:
            return self._say("application", ok=False, text=str(error))
        if download is None:
            text = "no application (app_id): no payment on the page in Alipay, and no daily bill"
            return self._say("application", ok=False, text=text)
        today = dt.datetime.fromtimestamp(self._clock.wall(), BEIJING).date()
        answer = await download.fetch_bill(today)
        await download.aclose()
        if isinstance(answer, NoBill | bytes):
            return self._say(
                "application", ok=True, text=f"application {self._account.app_id} may fetch the daily bill"
            )
        where = f"{self._account.openapi_url}, application {self._account.app_id}"
        return self._say("application", ok=False, text=f"{where}: {self._meaning(answer)}")

    def _meaning(self, answer: Unknown) -> str:
        reason = answer.reason
        if reason.startswith("connection:"):
            return f"cannot be reached ({reason}): check the address, DNS and the firewall"
        meaning = ADVICE.get(reason.removeprefix("ACQ."))
        if meaning is None:
            return f"unexpected answer {reason}"
        return f"{meaning.format(partner=self._account.partner, app_id=self._account.app_id)} ({reason})"

    async def _clocks(self) -> PreflightFinding:
        """Compare with the ``Date`` of any answer of the gateway."""
        before = self._clock.wall()
        answer = await self._http.probe(self._url)
        try:
            theirs = parsedate_to_datetime(answer.headers["date"] if isinstance(answer, HttpStatus) else "").timestamp()
        except (KeyError, ValueError):
            return self._say("clock", ok=False, text="the gateway's answer contains no time")
        # A date has whole seconds, and half of the round trip has passed.
        ahead = (before + self._clock.wall()) / 2 - (theirs + 0.5)
        if abs(ahead) > MOST_SKEW_S:
            side = "ahead of" if ahead > 0 else "behind"
            text = f"this machine's clock is {abs(ahead):.0f} s {side} the gateway's: synchronise it by NTP"
            return self._say("clock", ok=False, text=text)
        return self._say(
            "clock", ok=True, text=f"this machine's clock agrees with the gateway's within {MOST_SKEW_S:.0f} s"
        )

    def _addresses(self) -> Iterator[PreflightFinding]:
        public = self._settings.public_url
        yield self._address("notify", "notifications arrive at", f"{public}{notify_path(self._company)}")
        if self._account.app_id:
            yield self._address("callback", "passengers return to", f"{public}{CALLBACK_PATH}")
            yield self._address("authorize", "passengers are sent to", self._account.authorize_url)

    def _address(self, what: str, why: str, url: str) -> PreflightFinding:
        wrong = url_problem(url, production=self._production)
        return self._say(what, ok=not wrong, text=f"{why} {url}{': ' if wrong else ''}{wrong}")

    async def _reachable(self) -> PreflightFinding:
        url = f"{self._settings.public_url}/health"
        answer = await self._http.probe(url)
        if isinstance(answer, Unknown):
            text = f"{url} cannot be reached from here ({answer.reason}): server.public_url, DNS, proxy, or not up?"
            return self._say("reachable", ok=False, text=text)
        if answer.code != HTTPStatus.OK:
            return self._say("reachable", ok=False, text=f"{url} answers {answer.code}: it is not our server's address")
        return self._say("reachable", ok=True, text=f"{url} is reachable from here; test from Alipay in its console")


def _alone(settings: Settings, account: AlipayAccount) -> Settings:
    """Settings with this account as the default."""
    values = {name: getattr(account, name) for name in AlipayAccount.model_fields}
    return settings.model_copy(update={"alipay": AlipaySettings(**values)})


def _pairs(account: AlipayAccount) -> Iterator[tuple[str, SignType, str, str]]:
    """Name, sign type, our private and their public key of each gateway that uses RSA."""
    if account.collects and account.protocol != "openapi" and account.sign_type in ("RSA", "RSA2"):
        sign_type: SignType = "RSA2" if account.sign_type == "RSA2" else "RSA"
        yield account.protocol, sign_type, private_key_of(account), public_key_of(account)
    if account.app_id and account.app_cert_file is None:
        yield "openapi", account.openapi_sign_type, app_private_key_of(account), openapi_public_key_of(account)
