"""Callers' phone numbers: the journal stores a reference to the caller, and only the gateway resolves it.

Rule 1. Events and rows name a caller as ``person:PASSENGER``; after the person's key is destroyed, no number exists.
Rule 2. A driver sees the number of the own trip; a dispatcher with the permission ``phones`` reads it over HTTP; all
        others see the last three digits. Numbers stored in full by earlier versions are treated alike.

Theory of operation. Hosts make the views and have no access to personal data, so masking happens here, on encoded
messages: only those whose bytes match a contact are decoded, masked by field name, and encoded again.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from cachetools import TTLCache

from dispatch.clock import Clock
from dispatch.domain.redaction import PERSON, masked_phone
from dispatch.domain.registry import PHONES, DispatcherRecord
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.ids import PassengerId
from ws_gateway.ports import Registry

KEPT_S: Final = 60.0
"""Wall seconds for which a number is cached, and therefore shown after its erasure."""
KEPT: Final = 10_000
_UNKNOWN: Final = "…"
_NUMBER: Final = re.compile(r"\+?[0-9]{5,20}")
_FIELDS: Final = frozenset({"passenger", "contact"})
_MAY_CONTAIN_CONTACT: Final = re.compile(
    rb"(?:passenger|contact)(?:[\xa0-\xbf]|\xd9.)(?:" + re.escape(PERSON.encode()) + rb"|\+?[0-9]{5})", re.DOTALL
)
"""The name of such a field, a MessagePack string's head, and the start of a contact."""
_decode = msgspec.msgpack.Decoder().decode
_encode = msgspec.msgpack.Encoder().encode


class PhoneMasker:
    """``new_id`` returns a new id at each call."""

    def __init__(self, registry: Registry, clock: Clock, new_id: Callable[[], str]) -> None:
        self._registry = registry
        self._clock = clock
        self._new_id = new_id
        self._numbers: TTLCache[str, str] = TTLCache(KEPT, KEPT_S, clock.wall)

    async def contact_for(self, phone: str) -> str:
        """The reference that replaces a number in the journal. Raises ``JournalUnavailableError``."""
        new_id = PassengerId(f"p{self._new_id()}")
        passenger = await self._registry.passenger_by_phone(phone, new_id=new_id, created=self._clock.wall())
        return f"{PERSON}{passenger.id}"

    async def mask_message(self, message: bytes, role: str) -> bytes:
        if _MAY_CONTAIN_CONTACT.search(message) is None:
            return message
        return _encode(await self._mask(_decode(message), whole=role == "driver"))

    async def mask_answer(self, answer: msgspec.Struct, role: str, subject: str) -> Any:  # noqa: ANN401 - plain values
        """An HTTP response as this reader may see it: plain values if it contains contacts."""
        encoded = _encode(answer)
        if _MAY_CONTAIN_CONTACT.search(encoded) is None:
            return answer
        whole = role == "dispatcher" and await self._sees_numbers(subject)
        return await self._mask(msgspec.to_builtins(answer, builtin_types=(bytes,)), whole=whole)

    async def _sees_numbers(self, dispatcher: str) -> bool:
        found = await self._registry.get(DispatcherRecord, dispatcher)
        return found is not None and PHONES in found.permissions

    async def _mask(self, value: Any, *, whole: bool) -> Any:  # noqa: ANN401 - plain values of any shape
        found: dict[str, str] = {}
        _collect_contacts(value, found)
        for contact in found:
            phone = await self._number_of(contact)
            found[contact] = phone if whole or phone == _UNKNOWN else masked_phone(phone)
        return _replace_contacts(value, found) if found else value

    async def _number_of(self, contact: str) -> str:
        """The number; a placeholder if it was erased or the journal is unavailable."""
        if not contact.startswith(PERSON):
            return contact
        known = self._numbers.get(contact)
        if known is not None:
            return known
        try:
            found = await self._registry.phone_of(contact.removeprefix(PERSON))
        except JournalUnavailableError:
            return _UNKNOWN
        number = self._numbers[contact] = found or _UNKNOWN
        return number


def _is_contact(name: object, value: object) -> bool:
    """Whether a field is a contact, not a passenger's id."""
    return name in _FIELDS and isinstance(value, str) and (value.startswith(PERSON) or bool(_NUMBER.fullmatch(value)))


def _collect_contacts(value: Any, found: dict[str, str]) -> None:  # noqa: ANN401 - plain values of any shape
    if isinstance(value, dict):
        for name, each in value.items():
            if _is_contact(name, each):
                found[each] = ""
            elif isinstance(each, dict | list | tuple):
                _collect_contacts(each, found)
    elif isinstance(value, list | tuple):
        for each in value:
            _collect_contacts(each, found)


def _replace_contacts(value: Any, shown: Mapping[str, str]) -> Any:  # noqa: ANN401 - plain values of any shape
    if isinstance(value, dict):
        return {
            name: shown[each] if _is_contact(name, each) else _replace_contacts(each, shown)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_replace_contacts(each, shown) for each in value]
    return value
