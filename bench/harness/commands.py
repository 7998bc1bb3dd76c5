"""Commands to the hosts of a running system."""

from dispatch.actors.core.protocol import Envelope, HostsUnavailableError, Reply
from dispatch.actors.runtime.host_client import HostClient
from dispatch.domain.commands import ResolveScan, encode_command
from dispatch.domain.entity import Command, EntityKey, Principal


async def send_until_answered(hosts: HostClient, key: EntityKey, command: Command, principal: Principal) -> Reply:
    """Send a command until it is answered, with the same id, as gateways do."""
    name, body = f"bench.{key}.{type(command).__name__}", encode_command(command)
    keep = not isinstance(command, ResolveScan)
    while True:
        try:
            return await hosts.command(Envelope(str(key), name, principal, body, digest=body, keep=keep))
        except HostsUnavailableError:
            continue
