"""The mapi client turns every answer into one of the port's outcomes, and believes no success unsigned."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest

from dispatch.clock import ManualClock
from dispatch.payment.core.port import (
    Closed,
    NotFound,
    OrderCreated,
    OrderRef,
    PaymentOrder,
    Refund,
    Refusal,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.protocols.mapi.merchant import MapiMerchant
from dispatch.payment.protocols.signing import Credentials, Signer, SignType, canonical
from dispatch.values.money import Money
from tests.dispatch.payment.gateways.alipay_mapi_samples import KEYS, MERCHANT
from tests.dispatch.payment.protocols.mapi.xml_samples import answer
from tests.dispatch.payment.protocols.signing_samples import RSA, rsa_signer

ORDER = PaymentOrder(
    out_trade_no="T1_1_1",
    amount=Money(1235, "USD"),
    subject="Taxi 车费 & tip",
    buyer_id="2088000000000002",
    notify_url="https://cab.invalid/notify",
    expires_min=15,
    passback="T1",
)
REF = ORDER.ref
Handler = Callable[[httpx.Request], httpx.Response]


def gateway(handler: Handler) -> MapiGateway:
    return MapiGateway(MERCHANT, ManualClock(1_600_000_000.0), transport=httpx.MockTransport(handler))


def answering(body: bytes, status: int = 200) -> MapiGateway:
    return gateway(lambda _: httpx.Response(status, content=body))


def failing(code: str) -> bytes:
    return answer({"result_code": "FAIL", "detail_error_code": code, "detail_error_des": "说明"})


REFUSAL = b"<alipay><is_success>F</is_success><error>%s</error></alipay>"


async def test_create_sends_a_signed_form() -> None:
    """Every field as Alipay's documents name it, and a signature over them."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            200, content=answer({"result_code": "SUCCESS", "out_trade_no": "T1_1_1", "trade_no": "2020"})
        )

    created = await gateway(handler).create(ORDER)

    form = {name: values[0] for name, values in parse_qs(seen[0].content.decode()).items()}
    assert created == OrderCreated("T1_1_1", "2020")
    assert seen[0].url.params["_input_charset"] == "UTF-8"
    assert form.pop("sign") == Signer(KEYS).sign(canonical(form).encode())
    assert form == {
        "service": "alipay.acquire.create",
        "partner": "2088000000000001",
        "_input_charset": "UTF-8",
        "sign_type": "MD5",
        "timestamp": "2020-09-13 20:26:40",
        "out_trade_no": "T1_1_1",
        "subject": "Taxi 车费 & tip",
        "product_code": "OVERSEAS_MBARCODE_PAY",
        "total_fee": "12.35",
        "seller_id": "2088000000000001",
        "buyer_id": "2088000000000002",
        "trans_currency": "USD",
        "currency": "USD",
        "extend_params": '{"secondary_merchant_id":"cab1","secondary_merchant_name":"City Cab",'
        '"secondary_merchant_industry":"4121"}',
        "it_b_pay": "15m",
        "passback_parameters": "T1",
        "notify_url": "https://cab.invalid/notify",
    }


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (failing("TRADE_HAS_SUCCESS"), Refusal("TRADE_HAS_SUCCESS", "说明")),
        (failing("SYSTEM_ERROR"), Unknown("SYSTEM_ERROR")),
        (answer({"result_code": "UNKNOWN"}), Unknown("UNKNOWN")),
        (answer({"result_code": "FAIL"}), Unknown("FAIL")),
        (answer({"out_trade_no": "T1_1_1"}), Unknown("no result_code")),
        (REFUSAL % b"ILLEGAL_SIGN", Refusal("ILLEGAL_SIGN", "", signed=False)),
        (REFUSAL % b"SYSTEM_ERROR", Unknown("SYSTEM_ERROR")),
        (b"<html/>", Unknown("neither accepted nor refused")),
        (b"nothing", Unknown("not XML")),
        (
            answer({"result_code": "SUCCESS", "out_trade_no": "other", "trade_no": "1"}),
            Unknown("the answer is about another order"),
        ),
        (
            answer({"result_code": "SUCCESS", "out_trade_no": "T1_1_1"}),
            Unknown("the answer is about another order"),
        ),
        (
            answer({"result_code": "SUCCESS", "out_trade_no": "T1_1_1", "trade_no": "1"}).replace(b">1<", b">2<"),
            Unknown("the signature does not verify"),
        ),
    ],
)
async def test_create_outcomes(body: bytes, outcome: Refusal | Unknown) -> None:
    """Refusals, unclear answers and forgeries of a create."""
    assert await answering(body).create(ORDER) == outcome


QUERY = {
    "result_code": "SUCCESS",
    "out_trade_no": "T1_1_1",
    "trade_no": "2020",
    "trade_status": "TRADE_SUCCESS",
    "total_fee": "12.35",
    "buyer_user_id": "2088000000000002",
    "send_pay_date": "2020-09-13 20:30:00",
}


async def test_query_paid() -> None:
    """A signed query answer is the trade as Alipay sees it."""
    view = await answering(answer(QUERY)).query(REF)

    assert view == TradeView(
        out_trade_no="T1_1_1",
        trade_no="2020",
        status=TradeStatus.SUCCESS,
        amount=Money(1235, "USD"),
        buyer_id="2088000000000002",
        paid_at="2020-09-13 20:30:00",
    )


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (failing("TRADE_NOT_EXIST"), NotFound("T1_1_1")),
        (failing("PARTNER_ERROR"), Unknown("PARTNER_ERROR")),
        (failing("SYSTEM_ERROR"), Unknown("SYSTEM_ERROR")),
        (answer({"result_code": "PROCESS_EXCEPTION"}), Unknown("PROCESS_EXCEPTION")),
        (REFUSAL % b"TRADE_NOT_EXIST", Unknown("TRADE_NOT_EXIST")),
        (answer(QUERY | {"trade_status": "X"}), Unknown("the answer's trade_status is unknown")),
        (answer(QUERY | {"total_fee": "1e5"}), Unknown("the answer's total_fee cannot be read")),
        (answer(QUERY | {"out_trade_no": "T2"}), Unknown("the answer is about another order")),
    ],
)
async def test_query_outcomes(body: bytes, outcome: NotFound | Unknown) -> None:
    """Only a signed answer says that a trade does not exist; everything else is unknown."""
    assert await answering(body).query(REF) == outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (answer({"result_code": "SUCCESS", "out_trade_no": "T1_1_1"}), Closed("T1_1_1")),
        (failing("TRADE_HAS_CLOSE"), Closed("T1_1_1")),
        (failing("TRADE_NOT_EXIST"), NotFound("T1_1_1")),
        (failing("REASON_ILLEGAL_STATUS"), Refusal("REASON_ILLEGAL_STATUS", "说明")),
        (answer({"result_code": "SUCCESS", "out_trade_no": "T9"}), Unknown("the answer is about another order")),
        (answer({"result_code": "UNKNOWN"}), Unknown("UNKNOWN")),
    ],
)
async def test_close_outcomes(body: bytes, outcome: Closed | NotFound | Refusal | Unknown) -> None:
    """Closed now or before, never there, paid, or unclear."""
    assert await answering(body).close(REF) == outcome


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.ConnectTimeout("slow"), "timeout"),
        (httpx.ConnectError("no"), "connection: ConnectError"),
        (httpx.RemoteProtocolError("cut"), "connection: RemoteProtocolError"),
    ],
)
async def test_network_failures_are_unknown(error: httpx.HTTPError, reason: str) -> None:
    """Whatever the network does, nothing is raised and nothing is concluded."""

    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    client = gateway(handler)

    assert await client.create(ORDER) == Unknown(reason)
    assert await client.query(REF) == Unknown(reason)
    assert await client.close(REF) == Unknown(reason)
    await client.aclose()


async def test_one_deadline_for_the_whole_call() -> None:
    """A gateway that never finishes its answer cannot hold a call longer than its deadline."""

    async def endless(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    hurried = msgspec.structs.replace(MERCHANT, timeout_s=0.01, max_connections=1)
    client = MapiGateway(hurried, ManualClock(), transport=httpx.MockTransport(endless))

    both = tuple(await asyncio.gather(client.query(OrderRef("T1")), client.query(OrderRef("T2"))))

    assert both == (Unknown("timeout"), Unknown("timeout"))


async def service_asked(merchant: MapiMerchant, call: Callable[[MapiGateway], Awaitable[object]]) -> str:
    """The service that one call of the port asks for."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503)

    client = MapiGateway(merchant, ManualClock(), transport=httpx.MockTransport(handler))
    await call(client)
    await client.aclose()
    return parse_qs(seen[0].content.decode())["service"][0].removeprefix("alipay.acquire.")


SCANNED = msgspec.structs.replace(ORDER, way="scan", auth_code="2812345678901234")
REFUND = Refund(order=SCANNED.ref, refund_no="r1", amount=Money(1, "USD"), total=Money(2, "USD"), reason="detour")


@pytest.mark.parametrize(
    ("call", "overseas", "mainland"),
    [
        (lambda gateway: gateway.precreate(ORDER), "precreate", "precreate"),
        (lambda gateway: gateway.scan(SCANNED), "overseas.spot.pay", "createandpay"),
        (lambda gateway: gateway.query(SCANNED.ref), "overseas.query", "query"),
        (lambda gateway: gateway.query(REF), "query", "query"),
        (lambda gateway: gateway.cancel(SCANNED.ref), "cancel", "cancel"),
        (lambda gateway: gateway.refund(REFUND), "overseas.spot.refund", "refund"),
    ],
)
async def test_services(call: Callable[[MapiGateway], Awaitable[object]], overseas: str, mainland: str) -> None:
    """Cross-border and mainland differ by configuration alone."""
    assert await service_asked(MERCHANT, call) == overseas
    assert await service_asked(msgspec.structs.replace(MERCHANT, market="mainland"), call) == mainland


async def test_refund_query_is_unknown() -> None:
    """Nobody says that a refund is missing whom nobody can ask."""
    assert isinstance(await answering(b"").query_refund(REFUND), Unknown)


@pytest.mark.parametrize("sign_type", ["MD5", "RSA", "RSA2"])
@pytest.mark.parametrize("charset", ["utf-8", "GBK"])
async def test_answers_in_each_signature_and_charset(sign_type: SignType, charset: str) -> None:
    """Each signature, in each charset that Alipay answers in."""
    signer = rsa_signer(sign_type) if sign_type != "MD5" else Signer(KEYS)
    keys = Credentials(
        sign_type=sign_type,
        md5_key=KEYS.md5_key,
        private_key=RSA["private_key_pem_test_only"],
        alipay_public_key=RSA["public_key_pem"],
    )
    failure = {"result_code": "FAIL", "detail_error_code": "PAYMENT_FAIL", "detail_error_des": "付款失败"}
    body = answer(failure, charset=charset, signer=signer)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    client = MapiGateway(msgspec.structs.replace(MERCHANT, keys=keys), ManualClock(), transport=transport)

    assert await client.scan(SCANNED) == Refusal("PAYMENT_FAIL", "付款失败")
    assert await client.cancel(REF) == Refusal("PAYMENT_FAIL", "付款失败")
    assert await client.refund(REFUND) == Refusal("PAYMENT_FAIL", "付款失败")
    assert await client.precreate(ORDER) == Refusal("PAYMENT_FAIL", "付款失败")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [(b"true", True), (b"false\n", False), (b"invalid", False), (b"<html>", Unknown("neither true nor false"))],
)
async def test_second_check_of_a_notification(body: bytes, outcome: bool | Unknown) -> None:
    """Alipay is asked whether it sent a notification, by its id."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=body)

    assert await gateway(handler).confirm_notification("a&b") == outcome
    assert dict(seen[0].url.params) == {
        "service": "notify_verify",
        "partner": "2088000000000001",
        "notify_id": "a&b",
    }


@pytest.mark.parametrize("status", [302, 404, 500, 502])
async def test_other_statuses_are_unknown(status: int) -> None:
    """A proxy's error page says nothing about the order, nor does a redirect."""
    assert await answering(answer(QUERY), status).query(REF) == Unknown(f"HTTP {status}")


def test_repr_of_the_configuration_shows_no_key() -> None:
    """A merchant in a log line has no keys in it."""
    assert "m" * 32 not in repr(MERCHANT)
