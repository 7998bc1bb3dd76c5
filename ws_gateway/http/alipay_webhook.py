"""Alipay's notifications: verified here, handled by the payment that they are about.

Rule 1. A notification without a valid signature is dropped.
Rule 2. Alipay gets ``success`` only after the payment has committed the notification; otherwise it sends it again.
"""

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
    """The part of :class:`dispatch.payment.gateways.factory.Gateways` that is used here."""

    async def verify_notification(
        self, company: str, body: bytes, content_type: str
    ) -> Notification | RejectedNotification:
        """The notification if it is genuine, about this account and, where required, confirmed by Alipay. Raises
        nothing, whatever the body contains."""


class AlipayWebhook:
    """Implements :class:`ws_gateway.ports.NotificationReceiver`."""

    def __init__(self, verifier: NotificationVerifier, hosts: Hosts) -> None:
        self._verifier = verifier
        self._hosts = hosts

    async def receive_notification(self, body: bytes, content_type: str, company: str = "") -> bool:
        """True once the payment has committed it. Equal bytes are the same command, however often they come."""
        notification = await self._verifier.verify_notification(company, body, content_type)
        if isinstance(notification, RejectedNotification):
            _log.warning("notification rejected", reason=notification.reason)
            return False
        order = notification.out_trade_no
        trip = trip_of(order)
        if trip is None:
            _log.warning("notification for unknown order", order=order)
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
