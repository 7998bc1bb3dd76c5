"""Alipay's notifications: verified here, decided by the payment that they are about.

Rule 1. Nothing is passed on whose signature does not verify.
Rule 2. Alipay is told that all is well only after the payment has kept the news for good; else it sends it again.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol

import structlog

from dispatch.actors.core.protocol import Done, Envelope, Hosts, HostsUnavailableError
from dispatch.domain.commands import RecordNotification, encode_command
from dispatch.domain.entity import SYSTEM
from dispatch.payment.core.gateway_calls import encode_notification
from dispatch.payment.core.port import Notification, RejectedNotification, trip_of

_log = structlog.get_logger("alipay")


class NotificationVerifier(Protocol):
    """What is needed here of :class:`dispatch.payment.gateways.factory.Gateways`."""

    def verify_notification(self, company: str, body: bytes, content_type: str) -> Notification | RejectedNotification:
        """The notification, if it is genuine and about this account. Never raises for what the body holds."""
        ...

    async def confirmed(self, company: str, notification: Notification) -> bool:
        """Whether Alipay also says that it sent it, where it is to be asked."""
        ...


class AlipayWebhook:
    """Implements :class:`ws_gateway.ports.NotificationReceiver`."""

    def __init__(self, verifier: NotificationVerifier, hosts: Hosts) -> None:
        self._verifier = verifier
        self._hosts = hosts

    async def receive_notification(self, body: bytes, content_type: str, company: str = "") -> bool:
        """True once the payment knows of it. The same bytes are the same command, however often they come."""
        notification = self._verifier.verify_notification(company, body, content_type)
        if isinstance(notification, RejectedNotification):
            _log.warning("a notification is not believed", reason=str(notification))
            return False
        order = notification.out_trade_no
        trip = trip_of(order)
        if trip is None:
            _log.warning("a notification about no order of ours", order=order)
            return False
        if not await self._verifier.confirmed(company, notification):
            _log.warning("a notification is not confirmed", order=order, notify_id=notification.notify_id)
            return False
        digest = blake2b(body, digest_size=16)
        command = RecordNotification(order=order, notification=encode_notification(notification))
        envelope = Envelope(
            key=f"payment:{trip}",
            command_id=f"notify:{digest.hexdigest()}",
            principal=SYSTEM,
            body=encode_command(command),
            digest=digest.digest(),
        )
        try:
            return isinstance(await self._hosts.command(envelope), Done)
        except HostsUnavailableError:
            return False
