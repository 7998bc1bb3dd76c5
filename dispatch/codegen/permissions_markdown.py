"""Generates ``docs/permissions.md`` from the permission tables."""

from collections.abc import Iterable, Mapping
from typing import Final, get_args

from dispatch.api.client_messages import FromClient
from dispatch.api.permissions import MESSAGES, READS, ROLES, WITHOUT_TOKEN
from dispatch.domain.stream_access import STREAMS, Cells

_HEAD: Final = """\
# Permissions

Generated from `dispatch/api/permissions.py` and `dispatch/domain/stream_access.py`; do not edit.

Anything not in these tables is forbidden. A message that the role may not send is rejected with error 2002. A message
about another user's trip or vehicle is rejected with error 2003 by that trip or vehicle; over HTTP the answer is 404,
as if it did not exist. Expired, forged and revoked tokens grant nothing ([security.md](security.md)).
"""


def render_permissions_markdown() -> str:
    messages = {f"`{kind.__struct_config__.tag}`": MESSAGES[kind] for kind in get_args(FromClient)}
    streams = {f"`{kind}:…`": cells for kind, cells in STREAMS.items()}
    reads = {f"`{address}`": cells for address, cells in READS.items()}
    follow = (
        "Passengers, and guests with a shared link, receive a vehicle's position only through a trip that they may "
        "follow, from the accepted offer to the drop-off."
    )
    phones = (
        "The driver of the trip sees the caller's full phone number, and so does a dispatcher with the permission "
        "`phones` over HTTP. Everywhere else only the last three digits are shown."
    )
    return "\n".join(
        [
            _HEAD,
            *_table("Messages", "message", messages),
            *_table("Streams", "stream", streams),
            follow,
            "",
            *_table("HTTP reads", "address", reads),
            phones,
            "",
            f"Public, without a token: {', '.join(f'`{each}`' for each in sorted(WITHOUT_TOKEN))}.",
            "",
        ]
    )


def _table(title: str, head: str, rows: Mapping[str, Cells]) -> Iterable[str]:
    yield from (f"## {title}", "", f"| {head} | {' | '.join(ROLES)} |", f"|---|{'---|' * len(ROLES)}")
    for name, cells in rows.items():
        reaches = (cells[role].value if role in cells else "—" for role in ROLES)
        yield f"| {name} | {' | '.join(reaches)} |"
    yield ""
