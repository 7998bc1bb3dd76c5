"""Downloads the daily bill: queries its address and fetches the file at once.

``alipay.data.dataservice.bill.downloadurl.query`` returns an address that is valid for 30 s. A day's bill is available
on the next day from about nine o'clock.
"""

import datetime as dt
from typing import Final
from urllib.parse import urlsplit

import msgspec

from dispatch.payment.core.port import Unknown
from dispatch.payment.gateways.openapi_client import OpenapiClient
from dispatch.payment.protocols.openapi.responses import OpenapiSuccess

METHOD: Final = "alipay.data.dataservice.bill.downloadurl.query"
MAX_BILL_BYTES: Final = 64 * 1024 * 1024
NO_BILL: Final = frozenset({"BILL_NOT_EXIST", "NO_BILL_DATA"})
EMPTY_BILL: Final = "EMPTY_DATA_WITH_BILL_FILE"
ZIP_BEGINS: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""Signatures of a zip with members and of an empty one."""


class NoBill(msgspec.Struct, frozen=True):
    """Alipay signed that there is no bill of that day: it has no transactions, or it is too early."""

    reason: str


class BillDownload:
    """Fetches bills of one account."""

    def __init__(self, client: OpenapiClient, *, max_bytes: int = MAX_BILL_BYTES) -> None:
        self._client = client
        self._max_bytes = max_bytes

    async def fetch_bill(self, day: dt.date) -> bytes | NoBill | Unknown:
        """The zip of a day's business bill (``bill_type`` ``trade``), as Alipay serves it."""
        answer = await self._client.call(METHOD, {"bill_type": "trade", "bill_date": day.isoformat()})
        if isinstance(answer, Unknown):
            return answer
        if not isinstance(answer, OpenapiSuccess):
            code = answer.code.rpartition(".")[2]
            return NoBill(code) if answer.signed and code in NO_BILL else Unknown(answer.code)
        if answer.fields.get("bill_file_code") == EMPTY_BILL:
            return NoBill(EMPTY_BILL)
        return await self._fetch(answer.fields.get("bill_download_url", ""))

    async def _fetch(self, url: str) -> bytes | Unknown:
        if urlsplit(url).scheme not in ("http", "https"):
            return Unknown("the answer contains no address of a bill")
        page = await self._client.download(url, self._max_bytes)
        if isinstance(page, Unknown):
            return page
        return page.body if page.body.startswith(ZIP_BEGINS) else Unknown("the bill is not a zip file")

    async def aclose(self) -> None:
        await self._client.aclose()
