"""A fake Alipay openapi, shared by tests of the gateways."""

import json
from typing import Any
from urllib.parse import parse_qs

import httpx

from dispatch.clock import ManualClock
from dispatch.payment.gateways.openapi_client import OpenapiClient
from dispatch.payment.protocols.openapi.account import OpenapiAccount
from dispatch.payment.protocols.openapi.signed_json import node_name
from tests.dispatch.payment.protocols.openapi.account_samples import ACCOUNT
from tests.dispatch.payment.protocols.openapi.signed_json_samples import KEYS


class FakeAlipay(httpx.MockTransport):
    """Answers calls with the fields it is given, by method, signed with the test key; keeps what it was asked."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        super().__init__(self._answer)
        self.answers = {name.replace("_", "."): fields for name, fields in answers.items()}
        self.signs = True
        self.asked: list[dict[str, str]] = []
        self.requests: list[httpx.Request] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        form = parse_qs(request.content.decode(), keep_blank_values=True, strict_parsing=True)
        asked = dict(request.url.params) | {name: values[0] for name, values in form.items()}
        self.asked.append(asked)
        method = asked["method"]
        node = json.dumps(self.answers[method.removeprefix("alipay.")], ensure_ascii=False)
        sign = f',"sign":"{KEYS.sign(node.encode())}"' if self.signs else ""
        return httpx.Response(200, content=f'{{"{node_name(method)}":{node}{sign}}}'.encode())


def client(alipay: httpx.MockTransport, account: OpenapiAccount = ACCOUNT) -> OpenapiClient:
    return OpenapiClient(account, ManualClock(1_600_000_000.0), transport=alipay)
