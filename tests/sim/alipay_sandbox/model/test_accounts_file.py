"""A restarted sandbox restores its accounts from the file."""

from pathlib import Path

from tests.sim.alipay_sandbox.merchant import order
from tests.sim.alipay_sandbox.sandbox_client import open_sandbox


async def test_accounts_outlive_the_sandbox(tmp_path: Path) -> None:
    """A sandbox that is started again on its file has its trades, money and unsent notices."""
    file = tmp_path / "accounts.jsonl"
    first = open_sandbox(accounts_file=file)
    paid = (await first.mapi(order())).fields["trade_no"]
    await first.mapi(order(out_trade_no="T2"))
    await first.pay(paid)
    before = await first.accounts()
    first.sandbox.exchange.close_file()
    await first.http.aclose()
    await first.sandbox.notifier.aclose()
    with file.open("ab") as cut_short:
        cut_short.write(b'{"type":"paid","trade_no"')

    second = open_sandbox(accounts_file=file)

    assert await second.accounts() == before
    assert before["notices"] == {"made": 1, "acknowledged": 0, "given_up": 0}
    assert (await second.mapi(order(out_trade_no="T2"))).fields["result_code"] == "SUCCESS"
    assert len((await second.accounts())["orders"]) == 2
    second.sandbox.exchange.close_file()
    await second.http.aclose()
    await second.sandbox.notifier.aclose()
