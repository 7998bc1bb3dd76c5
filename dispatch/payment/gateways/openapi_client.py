"""Signed requests to the openapi gateway and its verified answers, for all methods."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dispatch.clock import Clock
from dispatch.payment.core.beijing_time import format_time
from dispatch.payment.core.port import Refusal, Unknown
from dispatch.payment.gateways.http_client import HttpClient, HttpResponse, Transport
from dispatch.payment.protocols.openapi.account import OpenapiAccount
from dispatch.payment.protocols.openapi.content_cipher import ContentCipher
from dispatch.payment.protocols.openapi.keys import OpenapiKeys
from dispatch.payment.protocols.openapi.responses import OpenapiSuccess, outcome_of
from dispatch.payment.protocols.openapi.signed_json import read_node
from dispatch.payment.protocols.signing import AnswerError, canonical

_LEFT_OUT: Final = frozenset({"sign"})
"""Unlike mapi, the signature of a request covers its ``sign_type``."""
_AUTHORISATION: Final = "app_auth_token"
_FORM: Final = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}


class OpenapiClient:
    """Calls methods of one application. Close its connections with :meth:`aclose`."""

    def __init__(self, account: OpenapiAccount, clock: Clock, *, transport: Transport | None = None) -> None:
        """Raises :class:`~dispatch.payment.protocols.signing.KeyFormatError` for unusable keys."""
        self.account = account
        self.keys = OpenapiKeys(account.keys)
        self._clock = clock
        self._cipher = ContentCipher(account.keys.content_key) if account.keys.content_key else None
        self._http = HttpClient(
            timeout_s=account.timeout_s, max_connections=account.max_connections, transport=transport
        )

    async def call(
        self, method: str, business: Mapping[str, Any], *, notify_url: str = ""
    ) -> OpenapiSuccess | Refusal | Unknown:
        """Call a method with its ``business`` fields in ``biz_content``."""
        content = msgspec.json.encode(business)
        if self._cipher is None:
            fields = {"biz_content": content.decode()}
        else:
            fields = {"biz_content": self._cipher.encrypt(content), "encrypt_type": "AES"}
        return await self._exchange(method, fields | ({"notify_url": notify_url} if notify_url else {}))

    async def call_plain(self, method: str, fields: Mapping[str, str]) -> OpenapiSuccess | Refusal | Unknown:
        """Call a method whose business fields are sent like the common ones and whose success has no ``code``."""
        return await self._exchange(method, fields, codeless=True)

    async def download(self, url: str, max_bytes: int) -> HttpResponse | Unknown:
        """Fetch an address from an answer of the gateway, without redirects."""
        return await self._http.get(url, max_bytes=max_bytes)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _exchange(
        self, method: str, fields: Mapping[str, str], *, codeless: bool = False
    ) -> OpenapiSuccess | Refusal | Unknown:
        request = self.signed_request(method, fields)
        # Addresses may be logged, so the company's authorisation is sent in the body.
        in_body = {name: request.pop(name) for name in (*fields, _AUTHORISATION) if name in request}
        page = await self._http.post(self.account.gateway_url, params=request, form=in_body, headers=_FORM)
        if isinstance(page, Unknown):
            return page
        try:
            node = read_node(page.body, method, self.keys, self._cipher)
        except AnswerError as error:
            return Unknown(str(error))
        return outcome_of(node, codeless=codeless)

    def signed_request(self, method: str, fields: Mapping[str, str]) -> dict[str, str]:
        """All fields of a request, signed. The common ones go into the URL, which must contain the charset."""
        request = {
            "app_id": self.account.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": self.keys.sign_type,
            "timestamp": format_time(self._clock.wall()),
            "version": "1.0",
            **self.keys.request_fields,
            **({_AUTHORISATION: self.account.app_auth_token} if self.account.app_auth_token else {}),
            **fields,
        }
        text = canonical(request, left_out=_LEFT_OUT)
        return {**request, "sign": self.keys.sign(text.encode())}
