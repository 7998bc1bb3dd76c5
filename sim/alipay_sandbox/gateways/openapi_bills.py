"""``alipay.data.dataservice.bill.downloadurl.query``, and the file behind the address that it gives."""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import urlencode

import msgspec

from sim.alipay_sandbox.faults import Faults
from sim.alipay_sandbox.gateways.openapi_trades import Context
from sim.alipay_sandbox.gateways.openapi_wire import Node, success
from sim.alipay_sandbox.model.bills import Period, available_at, bill_zip, read_period, rows_of
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange

URL_LIFE_S: Final = 30.0
EMPTY: Final = "EMPTY_DATA_WITH_BILL_FILE"


class _Link(msgspec.Struct, frozen=True):
    partner: str
    period: Period
    spill_s: float
    expires_at: float


class BillCounter:
    """Hands out addresses of bills. They live 30 seconds, and no restart."""

    def __init__(self, exchange: Exchange, faults: Faults) -> None:
        self._exchange = exchange
        self._faults = faults
        self._links: dict[str, _Link] = {}

    def downloadurl(self, context: Context) -> Node:
        """``alipay.data.dataservice.bill.downloadurl.query``. Raises :class:`BusinessError`."""
        kind, date = context.text("bill_type"), context.text("bill_date")
        if kind not in ("trade", "signcustomer"):
            raise BusinessError("INVAILID_ARGUMENTS")
        try:
            period = read_period(date)
        except ValueError:
            raise BusinessError("INVAILID_ARGUMENTS") from None
        if kind != "trade" or context.now < available_at(period, context.exchange.settings.bill_hour):
            raise BusinessError("BILL_NOT_EXIST")
        spill = self._faults.take("bill-spill", date)
        link = _Link(context.partner, period, spill.seconds if spill else 0.0, context.now + URL_LIFE_S)
        file_id = hashlib.sha256(context.exchange.new_id().encode()).hexdigest()
        self._links = {key: held for key, held in self._links.items() if held.expires_at > context.now}
        self._links[file_id] = link
        query = {
            "bizType": kind,
            "userId": f"{context.partner}0156",
            "fileType": "csv.zip",
            "bizDates": period.name,
            "downloadFileName": f"{context.partner}0156_{period.name}.csv.zip",
            "fileId": file_id,
        }
        rows = rows_of(self._exchange, context.partner, period, link.spill_s)
        url = f"{context.base_url}/downloadBillFile.resource?{urlencode(query)}"
        return success({"bill_download_url": url, "bill_file_code": "" if rows else EMPTY})

    def file(self, file_id: str, now: float) -> bytes | None:
        """The zip; None where the address is unknown or too old."""
        link = self._links.get(file_id)
        if link is None or link.expires_at <= now:
            return None
        rows = rows_of(self._exchange, link.partner, link.period, link.spill_s)
        return bill_zip(self._exchange, link.partner, link.period, rows)
