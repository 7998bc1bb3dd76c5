"""A day's bill is fetched from where Alipay signs that it is, or it is said why not."""

import datetime as dt
import json
from typing import Any

import httpx
import pytest

from dispatch.payment.core.port import Unknown
from dispatch.payment.gateways.bill_download import BillDownload, NoBill
from tests.dispatch.payment.gateways.openapi_client_samples import FakeAlipay, client

DAY = dt.date(2026, 11, 21)
URL = "http://dwbillcenter.invalid/downloadBillFile.resource?fileType=csv.zip&fileId=1"
ZIP = b"PK\x05\x06" + bytes(18)


class FakeCentre(FakeAlipay):
    """Alipay with a place that serves files."""

    def __init__(self, answer: dict[str, Any], file: httpx.Response) -> None:
        super().__init__(data_dataservice_bill_downloadurl_query=answer)
        self._file = file

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return self._file if request.method == "GET" else super()._answer(request)


def download(answer: dict[str, Any], file: httpx.Response | None = None, max_bytes: int = 1000) -> BillDownload:
    centre = FakeCentre(answer, file or httpx.Response(200, content=ZIP))
    return BillDownload(client(centre), max_bytes=max_bytes)


async def test_fetch() -> None:
    """The day is asked for, and the file comes back as it is."""
    centre = FakeCentre({"code": "10000", "bill_download_url": URL}, httpx.Response(200, content=ZIP))

    assert await BillDownload(client(centre)).fetch_bill(DAY) == ZIP
    assert json.loads(centre.asked[0]["biz_content"]) == {"bill_type": "trade", "bill_date": "2026-11-21"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"code": "40004", "sub_code": "BILL_NOT_EXIST"}, NoBill("BILL_NOT_EXIST")),
        ({"code": "40004", "sub_code": "isp.NO_BILL_DATA"}, NoBill("NO_BILL_DATA")),
        ({"code": "10000", "bill_file_code": "EMPTY_DATA_WITH_BILL_FILE"}, NoBill("EMPTY_DATA_WITH_BILL_FILE")),
        ({"code": "40004", "sub_code": "INVAILID_ARGUMENTS"}, Unknown("INVAILID_ARGUMENTS")),
        ({"code": "20000"}, Unknown("20000")),
        ({"code": "10000"}, Unknown("the answer contains no address of a bill")),
        (
            {"code": "10000", "bill_download_url": "file:///etc/passwd"},
            Unknown("the answer contains no address of a bill"),
        ),
    ],
)
async def test_no_file(answer: dict[str, Any], outcome: object) -> None:
    """A day without a bill is told from one that cannot be had now."""
    assert await download(answer).fetch_bill(DAY) == outcome


@pytest.mark.parametrize(
    ("file", "outcome"),
    [
        (httpx.Response(302, headers={"location": "https://elsewhere.invalid/"}), Unknown("HTTP 302")),
        (httpx.Response(200, content=b"<html>too late"), Unknown("the bill is not a zip file")),
        (httpx.Response(200, content=ZIP + bytes(1000)), Unknown("an answer of more than 1000 bytes")),
    ],
)
async def test_bad_file(file: httpx.Response, outcome: Unknown) -> None:
    """No redirect is followed, no error page taken for a bill, nothing read without end."""
    assert await download({"code": "10000", "bill_download_url": URL}, file).fetch_bill(DAY) == outcome


async def test_unsigned_absence_is_unknown() -> None:
    """That there is no bill is believed signed only."""
    centre = FakeCentre({"code": "40004", "sub_code": "BILL_NOT_EXIST"}, httpx.Response(200))
    centre.signs = False

    assert await BillDownload(client(centre)).fetch_bill(DAY) == Unknown("BILL_NOT_EXIST")
