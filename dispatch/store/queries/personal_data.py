"""Passengers' phone numbers in the journal's database: encrypted with a key per passenger, found by a keyed digest.

Rule 1. A number is written only encrypted. Rows of older releases are encrypted at each start
(:meth:`SqlPersonalData.encrypt_plain_numbers`).
Rule 2. The key of the digest is wrapped like a passenger's key, under a name that no passenger has. It never changes.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from dispatch.domain.personal_keys import Vault, VaultError, WrappedKey, decrypt, lookup_digest
from dispatch.domain.redaction import PERSON
from dispatch.domain.registry import PassengerRecord, UnknownEntryError
from dispatch.store import tables as schema
from dispatch.store.database import Database
from dispatch.store.journals.prepared import Many, run
from dispatch.store.journals.sql_writer import chunks
from dispatch.values.ids import PassengerId

SEARCH: Final = "#search"
SEARCHED_TRIPS: Final = 2_000
_KEY: Final = ("person", "master", "sealed")
_PASSENGER: Final = ("id", "created", "phone_sealed", "phone_name")
_person, _key = schema.passenger.c, schema.person_key.c


class SqlPersonalData:
    """Raises ``JournalUnavailableError``, and ``VaultError`` if a master key is missing."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._search: bytes | None = None

    async def by_phone(self, phone: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        name = lookup_digest(await self._search_key(), phone)
        fresh = PassengerRecord(id=new_id, phone=phone, created=created)
        return await self._database.write(partial(self._find_or_make, fresh=fresh, name=name))

    async def lookup_digests(self, phones: Sequence[str]) -> Sequence[str]:
        key = await self._search_key()
        return [lookup_digest(key, phone) for phone in phones]

    async def with_digits(self, digits: str) -> Sequence[str]:
        """Passengers of the newest :data:`SEARCHED_TRIPS` trips whose number contains these digits. Decrypts each."""
        return await self._database.read(partial(self._with_digits, digits=digits))

    async def phone_of(self, passenger: str) -> str | None:
        def read(connection: Connection) -> str | None:
            row = connection.execute(select(schema.passenger).where(_person.id == passenger)).one_or_none()
            return None if row is None else self._phone(connection, row)

        return await self._database.read(read)

    async def export(self, passenger: str) -> Mapping[str, object]:
        """All stored data about a passenger. Raises ``UnknownEntryError``."""
        return await self._database.read(partial(self._export_rows, passenger=passenger))

    async def erase(self, passenger: str) -> None:
        """Destroy the passenger's key, number and Alipay account. Trips stay, without a link to a person.

        Raises ``UnknownEntryError``.
        """
        if not await self._database.write(partial(_erase, passenger=passenger)):
            raise UnknownEntryError(f"passenger {passenger}")

    async def rewrap(self) -> int:
        """Wrap every key with the newest master key; the number of keys that were wrapped with an older one."""
        return await self._database.write(self._rewrap)

    async def encrypt_plain_numbers(self) -> int:
        """Encrypt the plain numbers of older releases; their count."""
        key = await self._search_key()
        return await self._database.write(partial(self._encrypt_plain_numbers, search=key))

    async def _search_key(self) -> bytes:
        if self._search is None:
            self._search = await self._database.read(partial(self._unwrapped, person=SEARCH))
        if self._search is None:
            self._search = await self._database.write(partial(self._key_of, person=SEARCH))
        return self._search

    def _unwrapped(self, connection: Connection, person: str) -> bytes | None:
        row = connection.execute(select(schema.person_key).where(_key.person == person)).one_or_none()
        return None if row is None else self._vault.unwrap(WrappedKey(row.master, row.sealed), person)

    def _key_of(self, connection: Connection, person: str) -> bytes:
        """Get or create a passenger's key; concurrent callers wait for the first insert."""
        wrapped = self._vault.wrap(self._vault.new_key(), person)
        run(connection, Many("insert_new", "person_key", _KEY, [(person, *wrapped)]))
        key = self._unwrapped(connection, person)
        if key is None:
            raise VaultError(f"the key of {person} was not written")
        return key

    def _find_or_make(self, connection: Connection, *, fresh: PassengerRecord, name: str) -> PassengerRecord:
        wanted = select(schema.passenger).where(_person.phone_name == name)
        row = connection.execute(wanted).one_or_none()
        if row is None:
            sealed = self._vault.seal(self._key_of(connection, fresh.id), fresh.phone or "", fresh.id)
            run(connection, Many("insert_new", "passenger", _PASSENGER, [(fresh.id, fresh.created, sealed, name)]))
            row = connection.execute(wanted).one()
            if row.id != fresh.id:
                connection.execute(delete(schema.person_key).where(_key.person == fresh.id))
        return PassengerRecord(id=row.id, phone=fresh.phone, created=row.created, alipay_user_id=row.alipay_user_id)

    def _phone(self, connection: Connection, row: Any) -> str | None:  # noqa: ANN401 - a row of ``passenger``
        if row.phone_sealed is None:
            return None if row.phone is None else str(row.phone)
        key = self._unwrapped(connection, row.id)
        return None if key is None else decrypt(key, row.phone_sealed, row.id)

    def _with_digits(self, connection: Connection, *, digits: str) -> Sequence[str]:
        columns = schema.trip.c
        newest = select(columns.passenger, columns.contact).order_by(columns.requested_at.desc()).limit(SEARCHED_TRIPS)
        named = dict.fromkeys(
            name.removeprefix(PERSON) for row in connection.execute(newest) for name in row if isinstance(name, str)
        )
        sealed = select(_person.id, _person.phone_sealed, _key.master, _key.sealed).join(
            schema.person_key, _key.person == _person.id
        )
        found = []
        for ids in chunks(list(named)):
            for row in connection.execute(sealed.where(_person.id.in_(ids), _person.phone_sealed.is_not(None))):
                key = self._vault.unwrap(WrappedKey(row.master, row.sealed), row.id)
                if digits in decrypt(key, row.phone_sealed, row.id):
                    found.append(str(row.id))
        return sorted(found)

    def _export_rows(self, connection: Connection, *, passenger: str) -> Mapping[str, object]:
        row = connection.execute(select(schema.passenger).where(_person.id == passenger)).one_or_none()
        if row is None:
            raise UnknownEntryError(f"passenger {passenger}")
        trips = select(schema.trip).where(schema.trip.c.passenger == passenger).order_by(schema.trip.c.requested_at)
        return {
            "passenger": row.id,
            "phone": self._phone(connection, row),
            "alipay_user_id": row.alipay_user_id,
            "created": row.created,
            "trips": [
                {name: value for name, value in zip(trip._fields, trip, strict=True) if value is not None}
                for trip in connection.execute(trips)
            ],
        }

    def _rewrap(self, connection: Connection) -> int:
        older = select(schema.person_key).where(_key.master != self._vault.current).with_for_update()
        rows = [
            (
                row.person,
                *self._vault.wrap(self._vault.unwrap(WrappedKey(row.master, row.sealed), row.person), row.person),
            )
            for row in connection.execute(older).all()
        ]
        run(connection, Many("upsert", "person_key", _KEY, rows))
        return len(rows)

    def _encrypt_plain_numbers(self, connection: Connection, *, search: bytes) -> int:
        plain = connection.execute(select(schema.passenger).where(_person.phone.is_not(None))).all()
        for row in plain:
            sealed = self._vault.seal(self._key_of(connection, row.id), row.phone, row.id)
            known = {"phone": None, "phone_sealed": sealed, "phone_name": lookup_digest(search, row.phone)}
            connection.execute(update(schema.passenger).where(_person.id == row.id).values(known))
        return len(plain)


def _erase(connection: Connection, *, passenger: str) -> int:
    connection.execute(delete(schema.person_key).where(_key.person == passenger))
    nothing = {"phone": None, "phone_sealed": None, "phone_name": None, "alipay_user_id": None}
    return connection.execute(update(schema.passenger).where(_person.id == passenger).values(nothing)).rowcount
