"""Responses of mapi, shared by tests."""

from dispatch.payment.protocols.signing import Signer, canonical

SIGNER = Signer.from_keys("MD5", md5_key="m" * 32)


def answer(
    fields: dict[str, str],
    *,
    charset: str = "utf-8",
    declared: str | None = None,
    extra: str = "",
    signer: Signer = SIGNER,
) -> bytes:
    def escaped(value: str) -> str:
        return value.replace("&", "&amp;").replace("<", "&lt;")

    children = "".join(f"<{k}>{escaped(v)}</{k}>" for k, v in fields.items())
    sign = signer.sign(canonical(fields).encode(charset))
    text = (
        f'<?xml version="1.0" encoding="{declared or charset}"?><alipay><is_success>T</is_success>'
        f"<request/><response><alipay>{children}{extra}</alipay></response>"
        f"<sign>{sign}</sign><sign_type>{signer.sign_type}</sign_type></alipay>"
    )
    return text.encode(charset)
