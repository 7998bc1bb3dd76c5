"""Trips with a fare that is due, shared by integration tests."""

from __future__ import annotations

from sim.demo.run_checks import sandbox_orders
from tests.integration.app import App, Driver, Message
from tests.integration.conftest import Company

BUYER = "2088102146225177"


async def fare_due(driver: Driver) -> str:
    """Somebody got in on the street and out again; the trip."""
    await driver.command("online")
    await driver.wait(lambda m: m["t"] == "heard")
    trip = str((await driver.command("hail"))["result"]["trip"])
    await driver.command("attach", stream=f"trip:{trip}")
    await driver.command("finish", trip=trip)
    return trip


async def money_of(company: Company, trip: str) -> tuple[int, int]:
    """What the sandbox took for a trip and gave back, in minor units."""
    orders = [o for o in await sandbox_orders(company.sandbox.url) if o["out_trade_no"].startswith(f"{trip}_")]
    return sum(o["captured_minor"] for o in orders), sum(o["refunded_minor"] for o in orders)


async def in_state(app: App, trip: str, state: str, since: int = 0) -> Message:
    """The trip's first update or snapshot with the payment in ``state``."""

    def wanted(message: Message) -> bool:
        view = message.get("trip") if message["t"] in ("update", "snapshot") else None
        return isinstance(view, dict) and view["trip"] == trip and view.get("payment", {}).get("state") == state

    found: Message = (await app.wait(wanted, since))["trip"]
    return found
