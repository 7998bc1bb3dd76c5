"""Messages between us and an acquirer's gateway (docs/acquirer.md): JSON text and its signature.

    {"message": "{\\"kind\\":\\"ask\\",…}", "sign_type": "HMAC-SHA256", "sign": "…"}

The signature covers the exact text in ``message``, in UTF-8. ``kind`` prevents a question from being returned as its
own answer, ``nonce`` binds an answer to its question, and ``at`` makes old messages invalid.
"""

import base64
import hashlib
import hmac
from typing import Literal

import msgspec

from dispatch.payment.protocols.signing import AnswerError, KeyFormatError, Signer

AcquirerSignType = Literal["HMAC-SHA256", "RSA2"]
MAX_AGE_S = 300.0
"""The largest accepted difference of clocks plus transmission time."""


class AcquirerCredentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys for an acquirer, as text. ``repr`` shows none of them."""

    sign_type: AcquirerSignType = "HMAC-SHA256"
    secret: str = ""
    """For HMAC-SHA256, 32 characters or more; the same on both sides."""
    private_key: str = ""
    """Our key, for RSA2."""
    acquirer_public_key: str = ""
    """The acquirer's key, for RSA2."""

    def __repr__(self) -> str:
        return f"AcquirerCredentials(sign_type={self.sign_type!r})"


class WireAmount(msgspec.Struct, frozen=True):
    """An amount of money, for example ``12.30`` and ``USD``."""

    value: str
    currency: str


class AcquirerResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call, or (in a notice) the state of an order. ``outcome`` determines the other fields."""

    outcome: str
    order: str = ""
    trade: str = ""
    status: str = ""
    amount: WireAmount | None = None
    buyer: str = ""
    paid_at: str = ""
    qr_code: str = ""
    action: str = ""
    refund: str = ""
    refunded: WireAmount | None = None
    code: str = ""
    detail: str = ""
    notice: str = ""
    """The notice's id, the same in each repetition."""
    passback: str = ""


class AcquirerMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The signed content."""

    kind: Literal["ask", "answer", "notice"]
    merchant: str
    at: int
    """Seconds since 1970."""
    nonce: str
    call: str = ""
    arguments: dict[str, object] = {}
    result: AcquirerResult | None = None


class SealedEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """The transmitted form. A gateway that gives no signed answer fills ``refused`` only, with the reason."""

    message: str = ""
    sign_type: str = ""
    sign: str = ""
    refused: str = ""


class AcquirerKeys:
    """Signs our messages and verifies theirs. Raises :class:`KeyFormatError` for unusable keys."""

    def __init__(self, credentials: AcquirerCredentials) -> None:
        self.sign_type = credentials.sign_type
        self._scheme = _scheme(credentials)

    def __repr__(self) -> str:
        return f"AcquirerKeys({self.sign_type})"

    def seal(self, message: AcquirerMessage) -> bytes:
        text = msgspec.json.encode(message)
        sealed = SealedEnvelope(message=text.decode(), sign_type=self.sign_type, sign=self._scheme.sign(text))
        return msgspec.json.encode(sealed)

    def open(self, body: bytes, *, kind: str, merchant: str, now: float) -> AcquirerMessage | SealedEnvelope:
        """Verify and read a message of the other side. An unsigned refusal is returned as its envelope.

        Raises :class:`AnswerError` for anything else that is unsigned, unreadable, stale or for somebody else.
        """
        envelope = _read_envelope(body)
        if envelope.refused and not envelope.sign:
            return envelope
        text = envelope.message.encode("utf-8", "surrogatepass")
        if envelope.sign_type != self.sign_type or not self._scheme.verify(text, envelope.sign):
            raise AnswerError("the signature does not verify")
        try:
            message = _message.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AnswerError("the message cannot be read") from error
        if message.kind != kind or message.merchant != merchant:
            raise AnswerError("the message is not for us")
        if abs(message.at - now) > MAX_AGE_S:
            raise AnswerError("the message is too old, or the clocks differ")
        return message


class _Hmac:
    """HMAC-SHA256 in base64."""

    def __init__(self, secret: str) -> None:
        if len(secret) < 32:
            raise KeyFormatError("sign type HMAC-SHA256 needs acquirer_secret, 32 characters or more")
        self._secret = secret.encode()

    def sign(self, text: bytes) -> str:
        return base64.b64encode(hmac.digest(self._secret, text, hashlib.sha256)).decode("ascii")

    def verify(self, text: bytes, sign: str) -> bool:
        return hmac.compare_digest(self.sign(text).encode(), sign.encode("utf-8", "replace"))


def _scheme(credentials: AcquirerCredentials) -> _Hmac | Signer:
    if credentials.sign_type == "HMAC-SHA256":
        return _Hmac(credentials.secret)
    return Signer.from_keys(
        "RSA2", private_key=credentials.private_key, alipay_public_key=credentials.acquirer_public_key
    )


_envelope = msgspec.json.Decoder(SealedEnvelope)
_message = msgspec.json.Decoder(AcquirerMessage)


def _read_envelope(body: bytes) -> SealedEnvelope:
    try:
        return _envelope.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerError("no message in an envelope") from error
