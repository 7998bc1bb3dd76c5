"""``alipay.data.dataservice.bill.downloadurl.query``, and the bill file behind the address that it returns."""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import urlencode

import msgspec

from sim.alipay_sandbox.faults import ActiveFaults
from sim.alipay_sandbox.gateways.openapi_trades import OpenapiContext
from sim.alipay_sandbox.gateways.openapi_wire import Node, success
from sim.alipay_sandbox.model.bills import BillPeriod, available_at, bill_entries, bill_zip, read_period
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange

URL_LIFE_S: Final = 30.0
EMPTY: Final = "EMPTY_DATA_WITH_BILL_FILE"


class _Link(msgspec.Struct, frozen=True):
    partner: str
    period: BillPeriod
    spill_s: float
    expires_at: float


class BillDownloads:
    """Issues addresses of bills, valid for 30 seconds and until a restart."""

    def __init__(self, exchange: Exchange, faults: ActiveFaults) -> None:
        self._exchange = exchange
        self._faults = faults
        self._links: dict[str, _Link] = {}

    def download_url(self, context: OpenapiContext) -> Node:
        """Raises :class:`BusinessError`."""
        kind, date = context.text("bill_type"), context.text("bill_date")
        if kind not in ("trade", "signcustomer"):
            raise BusinessError("INVAILID_ARGUMENTS")
        try:
            period = read_period(date)
        except ValueError:
            raise BusinessError("INVAILID_ARGUMENTS") from None
        if kind != "trade" or context.now < available_at(period, context.exchange.settings.bill_hour):
            raise BusinessError("BILL_NOT_EXIST")
        spill = self._faults.hit("bill-spill", date)
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
        rows = bill_entries(self._exchange, context.partner, period, link.spill_s)
        url = f"{context.base_url}/downloadBillFile.resource?{urlencode(query)}"
        return success({"bill_download_url": url, "bill_file_code": "" if rows else EMPTY})

    def file(self, file_id: str, now: float) -> bytes | None:
        """The zip; None if the address is unknown or expired."""
        link = self._links.get(file_id)
        if link is None or link.expires_at <= now:
            return None
        rows = bill_entries(self._exchange, link.partner, link.period, link.spill_s)
        return bill_zip(self._exchange, link.partner, link.period, rows)
