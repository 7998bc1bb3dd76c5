"""Sign-in with Alipay: the authorization page, and the exchange of its code for the user id.

``alipay.system.oauth.token`` belongs to the openapi gateway, also for a company that collects by mapi. A code is valid
for one exchange.
"""

from urllib.parse import urlencode

import msgspec

from dispatch.payment.core.port import Refusal, Unknown
from dispatch.payment.gateways.openapi_client import OpenapiClient

METHOD = "alipay.system.oauth.token"


class AlipayUser(msgspec.Struct, frozen=True):
    """The passenger's identity at Alipay."""

    user_id: str
    """16 digits starting with 2088; newer applications receive an open id instead."""


class Authorization:
    """Builds addresses of the authorization page, and exchanges the codes that come back."""

    def __init__(self, client: OpenapiClient, page: str) -> None:
        """``page`` is ``https://openauth.alipay.com/oauth2/publicAppAuthorize.htm`` in production."""
        self._client = client
        self._page = page

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """The address for the passenger's browser. It returns to ``redirect_uri`` at once, with ``state`` unchanged.

        ``auth_base`` shows no screen and discloses only the user id.
        """
        asked = {
            "app_id": self._client.account.app_id,
            "scope": "auth_base",
            "redirect_uri": redirect_uri,
            "state": state,
        }
        joint = "&" if "?" in self._page else "?"
        return f"{self._page}{joint}{urlencode(asked)}"

    async def exchange_code(self, auth_code: str) -> AlipayUser | Refusal | Unknown:
        """``Refusal`` for a code that was used, has expired or is not Alipay's."""
        asked = {"grant_type": "authorization_code", "code": auth_code}
        answer = await self._client.call_plain(METHOD, asked)
        if isinstance(answer, Refusal | Unknown):
            return answer
        user_id = answer.fields.get("user_id") or answer.fields.get("open_id", "")
        if not user_id or not answer.fields.get("access_token"):
            return Unknown("the answer contains no user")
        return AlipayUser(user_id)

    async def aclose(self) -> None:
        await self._client.aclose()
