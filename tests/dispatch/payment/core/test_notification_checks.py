"""A genuine message proves a payment only if its facts agree with our order."""

import pytest

from dispatch.payment.core.notification_checks import Check, ExpectedOrder, failed_checks
from dispatch.payment.core.port import Notification
from dispatch.payment.protocols.notification import read_notification
from dispatch.values.money import Money
from tests.dispatch.payment.protocols.notification_samples import FORM, SAMPLE, SIGNER, posted

ORDER = ExpectedOrder(out_trade_no="20180212000343", amount=Money(1, "CNY"), seller_id="2088000000000001", trade_no="")


def read(body: bytes) -> Notification:
    result = read_notification(body, FORM, SIGNER)
    assert isinstance(result, Notification), result
    return result


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"out_trade_no": "another"}, [Check.ORDER]),
        ({"total_fee": "0.02"}, [Check.AMOUNT]),
        ({"total_fee": "0.010"}, []),
        ({"total_fee": "nan"}, [Check.AMOUNT]),
        ({"total_fee": "Infinity"}, [Check.AMOUNT]),
        ({"total_fee": "1e99999999999999999999"}, [Check.AMOUNT]),
        ({"total_fee": "-0.01"}, [Check.AMOUNT]),
        ({"trans_currency": "USD"}, [Check.CURRENCY]),
        ({"trans_currency": "CNY"}, []),
        ({"seller_id": "2088000000000009"}, [Check.SELLER]),
        ({"seller_id": ""}, [Check.SELLER]),
        ({"trade_status": "TRADE_FINISHED"}, []),
        ({"trade_status": "TRADE_CLOSED"}, [Check.STATUS]),
        ({"trade_status": "WAIT_BUYER_PAY", "total_fee": "9"}, [Check.AMOUNT, Check.STATUS]),
    ],
)
def test_facts_are_held_against_the_order(change: dict[str, str], failed: list[Check]) -> None:
    """Each fact that disagrees with our order is named."""
    assert failed_checks(read(posted(SAMPLE | change)), ORDER) == failed


def test_unknown_order_and_other_trade() -> None:
    """A stranger's order fails at once; another trade number under our order number too."""
    notification = read(posted(SAMPLE))
    other = ExpectedOrder(out_trade_no=ORDER.out_trade_no, amount=ORDER.amount, seller_id=ORDER.seller_id, trade_no="1")

    assert failed_checks(notification, None) == [Check.ORDER]
    assert failed_checks(notification, other) == [Check.TRADE]


def test_seller_by_address_where_no_id_is_sent() -> None:
    """Where the message names its seller by address alone, the address decides."""
    notification = read(posted(SAMPLE | {"seller_id": ""}))
    ours = ExpectedOrder(
        out_trade_no=ORDER.out_trade_no,
        amount=ORDER.amount,
        seller_id=ORDER.seller_id,
        seller_email=SAMPLE["seller_email"],
    )

    assert failed_checks(notification, ours) == []


def test_a_matching_message_fails_no_check() -> None:
    """The published sample is a payment of its order."""
    assert failed_checks(read(posted(SAMPLE)), ORDER) == []
