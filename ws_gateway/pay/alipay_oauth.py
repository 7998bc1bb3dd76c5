"""The Alipay applications that identify passengers, by the account that collects the fare."""

from collections.abc import Mapping
from typing import Protocol

from dispatch.clock import Clock
from dispatch.config.loader import Settings
from dispatch.payment.core.port import Refusal, Unknown
from dispatch.payment.gateways.alipay_oauth import AlipayUser, Authorization
from dispatch.payment.gateways.factory import accounts_of, open_authorization


class Authorizer(Protocol):
    """One application. See :class:`dispatch.payment.gateways.alipay_oauth.Authorization`."""

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """The authorization page for the passenger's browser."""

    async def exchange_code(self, auth_code: str) -> AlipayUser | Refusal | Unknown: ...


class Authorizers(Protocol):
    """The applications of all companies."""

    def account_of(self, company: str) -> str:
        """The account that collects for a company: its own, or ``""``, which all others share."""

    def authorizer_for(self, account: str) -> Authorizer | None: ...


class AlipayApplications:
    """Implements :class:`Authorizers`. Close the connections with :meth:`aclose`."""

    def __init__(self, by_account: Mapping[str, Authorization | None]) -> None:
        self._by_account = dict(by_account)

    def account_of(self, company: str) -> str:
        return company if company in self._by_account else ""

    def authorizer_for(self, account: str) -> Authorization | None:
        return self._by_account.get(account)

    async def aclose(self) -> None:
        for authorization in self._by_account.values():
            if authorization is not None:
                await authorization.aclose()


def open_applications(settings: Settings, clock: Clock) -> AlipayApplications:
    """The configured applications. Raises :class:`dispatch.config.loader.SettingsError`."""
    return AlipayApplications(
        {company: open_authorization(settings, clock, company) for company in accounts_of(settings)}
    )
