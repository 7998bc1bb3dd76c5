"""An acquirer's account and client, shared by tests."""

from itertools import count

import httpx

from dispatch.clock import CityClock
from dispatch.payment.gateways.acquirer import AcquirerAccount, AcquirerGateway
from dispatch.payment.protocols.acquirer_messages import (
    AcquirerCredentials,
    AcquirerResult,
    WireAmount,
)

SECRET = "a-secret-of-32-characters-or-more"


ACCOUNT = AcquirerAccount(
    gateway_url="https://acquirer.invalid/", merchant="cab1", keys=AcquirerCredentials(secret=SECRET)
)


def client(transport: httpx.AsyncBaseTransport, account: AcquirerAccount = ACCOUNT) -> AcquirerGateway:
    numbers = count()
    return AcquirerGateway(account, CityClock(), lambda: f"{next(numbers):032x}", transport=transport)


TRADE = AcquirerResult(
    outcome="trade", order="T1_1_1", trade="N1", status="TRADE_SUCCESS", amount=WireAmount("12.35", "USD"), notice="n1"
)
