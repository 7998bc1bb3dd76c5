"""The ride's page: from the fare that is due to the fare that is paid, whatever is repeated."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from dispatch.domain.commands import AgreeFare, PayFare, StopPaying, TypeFare
from dispatch.domain.errors import ErrorCode
from dispatch.values.money import Money
from tests.dispatch.domain.builders import DRIVER
from tests.ws_gateway.pay.page_client import ALIPAY_APP, BRIDGE, BUYER, Booth, has, step, text

STRANGER = "2088102146225999"


@pytest.fixture
def booth() -> Booth:
    return Booth().fare_due()


async def test_a_ride_is_paid(booth: Booth) -> None:
    """Fare, order, cashier, result: the page goes by the trip's own state, and the money is asked for once."""
    browser = booth.browser()
    page = await browser.ride()
    assert step(page) == "pay"
    assert text(page, "total") == "$5.15"
    assert "Flag fall" in page.text

    ordered = await browser.submit(page, "pay")
    assert (ordered.status_code, ordered.headers["location"]) == (303, "/pay/V1/t1")
    assert step(await browser.get("/pay/V1/t1")) == "ordering"

    booth.hear("ordered", trade="2026112200001")
    page = await browser.get("/pay/V1/t1")
    assert step(page) == "open"
    assert 'data-trade="2026112200001"' in page.text
    assert has(page, "open-cashier")

    booth.hear("paid", trade="2026112200001")
    page = await browser.get("/pay/V1/t1")
    assert step(page) == "paid"
    assert (text(page, "total"), text(page, "word")) == ("$5.15", "panda")
    assert text(page, "paid-at").startswith("May 30, 2008, 12:02:00")
    assert has(page, "moving")
    [command] = booth.sent(PayFare)
    assert (command.method, command.buyer, command.scanned) == ("alipay_page", BUYER, True)
    assert booth.stage.trip.data.payer == f"alipay:{BUYER}"


async def test_the_script_hears_how_it_stands(booth: Booth) -> None:
    """Step and number of the trip's last event, and the minute's word once it is paid."""
    browser = booth.browser()
    page = await browser.ride()
    assert await browser.state() == {"step": "pay", "seq": booth.stage.trip.seq, "word": ""}
    await browser.submit(page, "pay")
    booth.hear("paid")
    assert await browser.state() == {"step": "paid", "seq": booth.stage.trip.seq, "word": "panda"}


async def test_a_forms_address_is_looked_at(booth: Booth) -> None:
    """Reloading a page that a form led to, or choosing its language, leads to the ride and does nothing."""
    browser = booth.browser()
    await browser.ride()
    for form in ("order", "fare", "stop"):
        assert (await browser.get(f"/pay/V1/t1/{form}?lang=zh")).headers["location"] == "/pay/V1/t1"
    assert booth.stage.trip.data.payments == 0


async def test_a_form_sent_twice_is_one_payment(booth: Booth) -> None:
    """Double clicks, a reload, an old tab and a second tab ask for the fare once."""
    browser = booth.browser()
    first, second = await browser.ride(), await browser.get("/pay/V1/t1")
    for page in (first, first, second):
        assert (await browser.submit(page, "pay")).headers["location"] == "/pay/V1/t1"
    assert booth.stage.trip.data.payments == 1


async def test_an_old_form_does_not_begin_a_second_attempt(booth: Booth) -> None:
    """After a failure only a page that showed it may try again: the old form is the old act."""
    browser = booth.browser()
    page = await browser.ride()
    await browser.submit(page, "pay")
    booth.hear("failed", reason="ACQ.BUYER_BALANCE_NOT_ENOUGH")

    await browser.submit(page, "pay")

    assert booth.stage.trip.data.payments == 1
    again = await browser.get("/pay/V1/t1")
    assert step(again) == "pay"
    assert "balance is too low" in text(again, "failed")
    await browser.submit(again, "pay")
    assert booth.stage.trip.data.payments == 2


async def test_an_answer_that_is_not_clear(booth: Booth) -> None:
    """The page says that it is checked, and offers nothing that could pay again."""
    browser = booth.browser()
    await browser.submit(await browser.ride(), "pay")
    booth.hear("unknown", reason="timeout")
    page = await browser.get("/pay/V1/t1")
    assert step(page) == "checking"
    assert "<form" not in page.text


async def test_another_way(booth: Booth) -> None:
    """Who left the cashier gives the order up; the cashier is not opened again meanwhile."""
    browser = booth.browser()
    await browser.submit(await browser.ride(), "pay")
    booth.hear("ordered", trade="N1")
    stopped = await browser.submit(await browser.get("/pay/V1/t1"), "stop")
    assert stopped.headers["location"] == "/pay/V1/t1?note=stopped"
    assert len(booth.sent(StopPaying)) == 1
    page = await browser.get(stopped.headers["location"])
    assert not has(page, "open-cashier")
    assert "being cancelled" in text(page, "note")


async def test_somebody_else_pays(booth: Booth) -> None:
    """A second phone sees that it is under way, then that it is paid: no word, no amount, no bill."""
    mine, other = booth.browser(), booth.browser()
    late = await other.ride(user=STRANGER)
    await mine.submit(await mine.ride(), "pay")

    assert (await other.submit(late, "pay")).headers["location"] == "/pay/V1/t1"
    assert step(await other.get("/pay/V1/t1")) == "busy"
    booth.hear("paid", trade="N1")
    page = await other.get("/pay/V1/t1")

    assert step(page) == "paid_else"
    assert not has(page, "word")
    assert not has(page, "bill")
    assert (await other.state())["word"] == ""
    refused = await other.get("/pay/bill/t1")
    assert (refused.status_code, text(refused, "error-number")) == (403, str(ErrorCode.NOT_YOURS.value))
    assert booth.stage.trip.data.payments == 1


async def test_a_fare_that_changed_is_shown_again(booth: Booth) -> None:
    """Nobody pays another amount than the page showed."""
    browser = booth.browser()
    page = await browser.ride()
    booth.stage.trip.data.fare = Money(9900, "USD")
    answer = await browser.submit(page, "pay")
    assert answer.headers["location"] == "/pay/V1/t1?note=changed"
    assert not booth.sent(PayFare)
    assert text(await browser.get("/pay/V1/t1?note=changed"), "total") == "$99.00"


async def test_a_ride_under_way_waits() -> None:
    """The page says so and asks again by itself, with and without script."""
    booth = Booth()
    booth.hail()
    browser = booth.browser()
    page = await browser.ride()
    assert step(page) == "riding"
    assert 'data-state="/pay/V1/t1/state"' in page.text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page.text
    booth.arrive()
    assert (await browser.state())["step"] == "pay"


async def test_a_car_without_a_meter() -> None:
    """The passenger types, the driver confirms, and only then is there anything to pay."""
    booth = Booth(typed_fare=True).fare_due()
    browser = booth.browser()
    page = await browser.ride()
    assert step(page) == "type"

    await browser.submit(page, "type-fare", amount="23,50")
    assert booth.sent(TypeFare) == [TypeFare(Money(2350, "USD"))]
    page = await browser.get("/pay/V1/t1")
    assert (step(page), text(page, "typed")) == ("agree", "$23.50")

    page = await browser.get("/pay/V1/t1?type=1")
    await browser.submit(page, "type-fare", amount="24")
    booth.stage.send(booth.stage.trip, AgreeFare(Money(2400, "USD")), DRIVER)
    page = await browser.get("/pay/V1/t1")
    assert (step(page), text(page, "total")) == ("pay", "$24.00")
    await browser.submit(page, "pay")
    assert booth.stage.trip.data.payments == 1


@pytest.mark.parametrize("typed", ["", "0", "-5", "1.234", "1e3", "12.", "twelve", "99999", "١٢", "1" * 13])
async def test_an_amount_that_is_none(typed: str) -> None:
    """The page asks again, and the driver sees nothing."""
    booth = Booth(typed_fare=True).fare_due()
    browser = booth.browser()
    answer = await browser.submit(await browser.ride(), "type-fare", amount=typed)
    assert answer.headers["location"] == "/pay/V1/t1?note=amount&type=1"
    page = await browser.get(answer.headers["location"])
    assert "such as 23.50" in text(page, "note")
    assert booth.stage.trip.data.typed is None


async def test_the_bill(booth: Booth) -> None:
    """Lines, method, order and trade number, for whoever paid; neither the driver's name nor where the ride went."""
    browser = booth.browser()
    await browser.submit(await browser.ride(), "pay")
    booth.hear("paid", trade="2026112200001")
    page = await browser.get("/pay/bill/t1")
    assert page.status_code == 200
    shown = [text(page, name) for name in ("total", "order", "trade", "method", "company", "trip")]
    assert shown == ["$5.15", "t1_1_1", "2026112200001", "Alipay, by the code in the car", "Yellow", "t1"]
    assert "Ann" not in page.text
    assert "37.7" not in page.text
    booth.hear("refunded")
    assert text(await browser.get("/pay/bill/t1"), "refunded") == "$5.15"


async def test_a_bill_before_it_is_paid(booth: Booth) -> None:
    """Nobody has a bill of a fare that is due, nor without being signed in."""
    browser = booth.browser()
    assert (await browser.get("/pay/bill/t1")).status_code == 400
    await browser.ride()
    assert (await browser.get("/pay/bill/t1")).status_code == 403


async def test_the_word_is_not_shown_for_ever(booth: Booth) -> None:
    """A quarter of an hour later the page of an old ride no longer tells the word of the minute."""
    browser = booth.browser()
    await browser.submit(await browser.ride(), "pay")
    booth.hear("paid")
    booth.clock.advance(120 + 899)
    assert (await browser.state())["word"] == "panda"
    booth.clock.advance(2)
    assert (await browser.state())["word"] == ""
    assert not has(await browser.get("/pay/V1/t1"), "word")


# ── forms that are not ours ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_form_without_its_note(booth: Booth) -> None:
    """Another site's form has the cookies at best, never the note: nothing is done."""
    browser = booth.browser()
    await browser.ride()
    for fields in ({}, {"form": ""}, {"form": "x.y.z"}):
        answer = await browser.post("/pay/V1/t1/order", fields)
        assert (answer.status_code, text(answer, "error-number")) == (400, str(ErrorCode.BAD_TOKEN.value))
    assert not booth.sent(PayFare)


async def test_a_form_of_another_session(booth: Booth) -> None:
    """A note is good for the session that it was made for, and for one act."""
    mine, other = booth.browser(), booth.browser()
    page = await mine.ride()
    await other.ride(user=STRANGER)
    assert (await other.submit(page, "pay")).status_code == 400
    stolen = page.text.replace("/t1/order", "/t1/stop")
    assert (await mine.submit(httpx.Response(200, text=stolen), "pay")).status_code == 400
    assert not booth.sent(PayFare)
    assert not booth.sent(StopPaying)


async def test_a_form_without_a_session(booth: Booth) -> None:
    """Nothing is done; the page leads back to the ride, which signs in again."""
    browser = booth.browser()
    page = await browser.ride()
    browser.cookies.clear()
    answer = await browser.submit(page, "pay")
    assert answer.status_code == 400
    assert 'href="/pay/V1/t1"' in answer.text
    back = await browser.get("/pay/V1/t1")
    assert (back.status_code, back.headers["location"]) == (302, "/pay/V1?ride=t1")


async def test_a_form_that_is_too_old(booth: Booth) -> None:
    """A page that lay open for an hour does nothing any more."""
    browser = booth.browser()
    page = await browser.ride()
    booth.clock.advance(3601)
    assert (await browser.submit(page, "pay")).status_code == 400
    assert not booth.sent(PayFare)


async def test_a_form_that_is_too_much(booth: Booth) -> None:
    """Large and broken bodies are refused by number."""
    browser = booth.browser()
    await browser.ride()
    assert (await browser.post("/pay/V1/t1/order", {"form": "x" * 5000})).status_code == 413
    many = {f"f{n}": "" for n in range(20)}
    assert (await browser.post("/pay/V1/t1/order", many)).status_code == 400


# ── what is not there ────────────────────────────────────────────────────────────────────────────────────────────


async def test_rides_that_are_not_there(booth: Booth) -> None:
    """Unknown trips, trips of other cars and names that are none are pages with a number."""
    browser = booth.browser()
    await browser.ride()
    for path in ("/pay/V1/t9", "/pay/V2/t1", "/pay/V1/a b", "/pay/bill/t9"):
        page = await browser.get(path)
        assert (page.status_code, text(page, "error-number")) == (404, str(ErrorCode.UNKNOWN_TRIP.value))


async def test_hosts_that_do_not_answer(booth: Booth) -> None:
    """A page with a number that can be tried again; nothing is lost."""
    browser = booth.browser()
    page = await browser.ride()
    booth.hosts.down = True
    answer = await browser.submit(page, "pay")
    assert (answer.status_code, text(answer, "error-number")) == (503, str(ErrorCode.UNAVAILABLE.value))
    assert 'id="again" class="button" href="/pay/V1/t1"' in answer.text
    booth.hosts.down = False
    await browser.submit(page, "pay")
    assert booth.stage.trip.data.payments == 1


async def test_something_that_breaks(booth: Booth) -> None:
    """A bug is a page with a number, not a stack trace."""
    browser = booth.browser()
    await browser.ride()

    def broken(_: object) -> bool:
        raise RuntimeError("secret detail")

    booth.allowed = broken
    page = await browser.get("/pay/V1/t1")
    assert page.status_code == 500
    assert "secret detail" not in page.text


async def test_a_ride_that_was_settled_or_cancelled(booth: Booth) -> None:
    """There is nothing to pay, and the page says so."""
    browser = booth.browser()
    await browser.ride()
    for state, shown in (("settled_otherwise", "paid_else"), ("cancelled", "nothing")):
        booth.stage.trip.data.state = state
        assert step(await browser.get("/pay/V1/t1")) == shown


# ── languages and headers ────────────────────────────────────────────────────────────────────────────────────────


async def test_every_step_in_chinese(booth: Booth) -> None:
    """Alipay's app says which language it speaks; amounts and words follow."""
    browser = booth.browser(ALIPAY_APP)
    page = await browser.ride()
    assert "用支付宝支付 US$5.15" in page.text
    assert "起步价" in page.text
    await browser.submit(page, "pay")
    assert text(await browser.get("/pay/V1/t1"), "title") == "请稍候"
    booth.hear("ordered", trade="N1")
    assert text(await browser.get("/pay/V1/t1"), "title") == "在支付宝中付款"
    booth.hear("paid", trade="N1")
    page = await browser.get("/pay/V1/t1")
    assert (text(page, "title"), text(page, "word")) == ("已付款", "熊猫")
    assert text(await browser.get("/pay/bill/t1"), "title") == "出租车行程账单"


async def test_the_headers_of_a_ride() -> None:
    """Its own script alone; the sandbox's origin for the bridge only where it is set; never cached, never framed."""
    for bridge, origin in (("", ""), (BRIDGE, " https://sandbox.example")):
        booth = Booth(bridge_url=bridge).fare_due()
        browser = booth.browser()
        await browser.submit(await browser.ride(), "pay")
        booth.hear("ordered", trade="N1")
        page = await browser.get("/pay/V1/t1")
        nonce = page.text.split('<script nonce="')[1].split('"')[0]
        policy = page.headers["content-security-policy"].split("; ")
        assert f"script-src 'nonce-{nonce}'{origin}" in policy
        assert ("frame-src https://sandbox.example" in policy) == bool(bridge)
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert (BRIDGE in page.text) == bool(bridge)
        assert "style=" not in page.text
        assert "onclick=" not in page.text


async def test_a_page_tells_nothing_of_the_passenger(booth: Booth) -> None:
    """No ride code, no user id, no driver's name, no place."""
    booth.stage.trip.data.code = "4711"
    booth.stage.trip.data.contact = "Bo"
    browser = booth.browser()
    page = await browser.ride()
    for secret in ("4711", "Bo<", "Ann", BUYER, "City Hall"):
        assert secret not in page.text
    sheet = msgspec.to_builtins((await booth.context.commands.fare("t1")).sheet)
    assert "code" not in sheet
