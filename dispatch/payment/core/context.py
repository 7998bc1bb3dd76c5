"""The input of every decision about a payment, and the parts that decisions share."""

from typing import NamedTuple

from dispatch.domain.commands import QueryOrder, RepeatRefund, ReportOutcome, encode_command
from dispatch.domain.entity import Context, Decision, DomainNotice, ScheduledCommand
from dispatch.payment.core.events import AttemptOpened
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.payment.core.state import Attempt, PaymentState, RefundState


class PaymentContext(NamedTuple):
    """One payment: its id (that of its trip), the number of its last event, its state, and the rules."""

    id: str
    seq: int
    data: PaymentState
    rules: PaymentRules

    @property
    def account(self) -> Account:
        return self.rules.account_of(self.data.company)

    def timer(self, name: str, command: QueryOrder | RepeatRefund, now: float, wall_s: float) -> ScheduledCommand:
        """A command that the payment sends to itself after ``wall_s`` wall seconds."""
        return ScheduledCommand(name, now + wall_s * self.rules.speed, f"payment:{self.id}", encode_command(command))

    def age_s(self, of: Attempt | RefundState, now: float) -> float:
        """Wall seconds since an attempt or a refund began."""
        return (now - of.opened_at) / self.rules.speed

    def report_attempt(
        self, of: AttemptOpened | Attempt, state: str, now: float, *, reason: str = "", trade: str = "", code: str = ""
    ) -> ScheduledCommand:
        return self.report_outcome(
            ReportOutcome(state, of.order, of.method, of.amount, trade=trade, reason=reason, code=code), now
        )

    def report_outcome(self, outcome: ReportOutcome, now: float) -> ScheduledCommand:
        """A decision sends at most one report, and only with an event, so the name is unique."""
        return ScheduledCommand(f"tell:{self.seq}", now, f"trip:{self.id}", encode_command(outcome))

    def notice(self, name: str, order: str, **fields: str | float) -> DomainNotice:
        """A notice that is counted and logged."""
        return DomainNotice(name, {"trip": self.id, "order": order, **fields})

    def alarm(self, order: str, cause: str) -> DomainNotice:
        """A notice that a person has to look at."""
        return self.notice("payment_alarm", order, cause=cause)


def merge(*decisions: Decision) -> Decision:
    """One decision with the effects of all of them, in order."""
    return Decision(
        events=[event for each in decisions for event in each.events],
        put=[due for each in decisions for due in each.put],
        drop=[name for each in decisions for name in each.drop],
        notices=[signal for each in decisions for signal in each.notices],
        reply=next((each.reply for each in decisions if each.reply is not None), None),
        refusal=next((each.refusal for each in decisions if each.refusal is not None), None),
    )


def received_at(context: Context, wall: float) -> float:
    """When a message was received, in wall seconds: as the message says, else by the city's clock."""
    return wall or float(context.now)
