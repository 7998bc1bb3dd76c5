"""What every journal must do. The suite runs on memory, SQLite and PostgreSQL, through two handles each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from dispatch.domain.entity import ActiveAssignment, EntityKey, Row
from dispatch.store.journal import (
    Append,
    Batch,
    Committed,
    Conflict,
    Journal,
    StoredCommand,
    StoredEvent,
    StoredReply,
    StoredSnapshot,
)

SHARDS = 16
TRIP = EntityKey("trip", "T1")
OTHER = EntityKey("trip", "T2")
CAR = EntityKey("vehicle", "V1")


class Handles(NamedTuple):
    """Two journals over the same tables, as two processes would have them."""

    mine: Journal
    theirs: Journal


def events(*bodies: str, at: float = 100.0) -> list[tuple[float, bytes]]:
    """Events of these bodies, a second apart."""
    return [(at + number, body.encode()) for number, body in enumerate(bodies)]


def append(key: EntityKey, expected: int, *bodies: str) -> Batch:
    """A batch that only appends."""
    return Batch(appends=[Append(key, expected, events(*bodies))])


def reply(command_id: str, body: str = "ok", key: EntityKey = TRIP) -> StoredReply:
    return StoredReply(command_id, b"digest", key, body.encode())


def due(owner: EntityKey, name: str, at: float, target: str = "trip:T1") -> StoredCommand:
    return StoredCommand(owner, name, at, target, b"command")


async def bodies(journal: Journal, key: EntityKey) -> list[str]:
    return [event.body.decode() for event in await journal.events_after(key, 0, 10_000)]


class JournalConformance:
    """Subclasses give the fixture ``handles``: two journals over empty tables."""

    async def test_what_is_committed_is_read_by_others(self, handles: Handles) -> None:
        """An acknowledged event is in the stream for every handle, numbered from 1, as it was written."""
        assert await handles.mine.commit(append(TRIP, 0, "a", "b")) == Committed()
        assert list(await handles.theirs.events_after(TRIP, 0, 10)) == [
            StoredEvent(TRIP, 1, 100.0, b"a"),
            StoredEvent(TRIP, 2, 101.0, b"b"),
        ]

    async def test_an_empty_batch_is_committed(self, handles: Handles) -> None:
        """Nothing to write is no conflict."""
        assert await handles.mine.commit(Batch()) == Committed()

    async def test_a_stale_writer_writes_nothing(self, handles: Handles) -> None:
        """Who expects an older number is told the last one, and the stream stays as it was."""
        await handles.mine.commit(append(TRIP, 0, "a", "b"))
        assert await handles.theirs.commit(append(TRIP, 1, "x")) == Conflict({TRIP: 2}, {}, [])
        assert await handles.theirs.commit(append(TRIP, 0, "x")) == Conflict({TRIP: 2}, {}, [])
        assert await bodies(handles.mine, TRIP) == ["a", "b"]

    @pytest.mark.parametrize("stands", [0, 2])
    async def test_a_gap_is_refused(self, handles: Handles, stands: int) -> None:
        """Who expects a number that the stream has not reached is told so, and writes nothing."""
        await handles.mine.commit(append(TRIP, 0, *["a"] * stands))
        assert await handles.mine.commit(append(TRIP, stands + 1, "x")) == Conflict({TRIP: stands}, {}, [])
        assert len(await bodies(handles.mine, TRIP)) == stands

    async def test_appends_to_one_stream_may_continue_each_other(self, handles: Handles) -> None:
        """Several decisions on one entity fit into one batch."""
        first, second = Append(TRIP, 0, events("a", "b")), Append(TRIP, 2, events("c"))
        assert await handles.mine.commit(Batch(appends=[first, second])) == Committed()
        assert await bodies(handles.theirs, TRIP) == ["a", "b", "c"]

    async def test_appends_that_do_not_continue_each_other_are_refused(self, handles: Handles) -> None:
        """Two appends at one number in one batch name the stream, and nothing is written."""
        batch = Batch(appends=[Append(TRIP, 0, events("a")), Append(TRIP, 0, events("b"))])
        assert await handles.mine.commit(batch) == Conflict({TRIP: 0}, {}, [])
        assert await bodies(handles.mine, TRIP) == []

    async def test_streams_of_two_kinds_do_not_meet(self, handles: Handles) -> None:
        """A vehicle and a trip of the same id have streams of their own."""
        twin = EntityKey("vehicle", TRIP.id)
        batch = Batch(appends=[Append(TRIP, 0, events("t")), Append(twin, 0, events("v", "w"))])
        assert await handles.mine.commit(batch) == Committed()
        assert await bodies(handles.mine, TRIP) == ["t"]
        assert await bodies(handles.mine, twin) == ["v", "w"]

    async def test_a_batch_is_whole_or_nothing(self, handles: Handles) -> None:
        """One stream that stands elsewhere keeps all parts of the batch out."""
        await handles.mine.commit(append(CAR, 0, "first"))
        batch = Batch(
            appends=[Append(TRIP, 0, events("x")), Append(CAR, 0, events("y"))],
            replies=[reply("c1")],
            commands_put=[due(TRIP, "timer", 1.0)],
            assignments=[ActiveAssignment("V1", "T1")],
            snapshots=[StoredSnapshot(TRIP, 1, b"s")],
            rows=[Row("vehicle_state", "V1", {"state": "idle", "seq": 1})],
        )
        assert await handles.mine.commit(batch) == Conflict({CAR: 1}, {}, [])
        (history,) = await handles.theirs.load([TRIP])
        assert (history.snapshot, list(history.events), list(history.scheduled)) == (None, [], [])
        assert await handles.theirs.reply("c1") is None
        assert await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T2")])) == Committed()

    @pytest.mark.parametrize("part", ["reply", "claim"])
    async def test_a_taken_key_keeps_the_events_out(self, handles: Handles, part: str) -> None:
        """A reply or a claim that is there already refuses the events that come with it."""
        await handles.mine.commit(Batch(replies=[reply("c1")], assignments=[ActiveAssignment("V1", "T1")]))
        batch = append(OTHER, 0, "x")
        if part == "reply":
            batch.replies.append(reply("c1", "other"))
        else:
            batch.assignments.append(ActiveAssignment("V1", "T2"))
        found = await handles.theirs.commit(batch)
        assert isinstance(found, Conflict)
        assert await bodies(handles.mine, OTHER) == []

    async def test_a_command_is_answered_once(self, handles: Handles) -> None:
        """A second reply to a command is a conflict that brings the first one."""
        await handles.mine.commit(Batch(replies=[reply("c1", "first")]))
        found = await handles.theirs.commit(Batch(replies=[reply("c0"), reply("c1", "second")]))
        assert found == Conflict({}, {"c1": reply("c1", "first")}, [])
        assert await handles.mine.reply("c0") is None
        assert await handles.mine.reply("c1") == reply("c1", "first")

    async def test_two_replies_to_one_command_in_a_batch_are_refused(self, handles: Handles) -> None:
        """A batch that contradicts itself writes nothing and names nothing that exists."""
        found = await handles.mine.commit(Batch(replies=[reply("c1", "a"), reply("c1", "b")]))
        assert found == Conflict({}, {}, [])
        assert await handles.mine.reply("c1") is None

    @pytest.mark.parametrize(
        "second", [ActiveAssignment("V1", "T2"), ActiveAssignment("V2", "T1"), ActiveAssignment("V1", "T1")]
    )
    async def test_a_claim_is_unique_by_vehicle_and_by_trip(self, handles: Handles, second: ActiveAssignment) -> None:
        """A vehicle that has a trip, or a trip that has a vehicle, cannot be claimed again."""
        await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T1")]))
        found = await handles.theirs.commit(Batch(assignments=[ActiveAssignment("V3", "T3"), second]))
        assert found == Conflict({}, {}, [second])

    @pytest.mark.parametrize("second", [ActiveAssignment("V1", "T2"), ActiveAssignment("V2", "T1")])
    async def test_two_claims_in_one_batch_are_refused(self, handles: Handles, second: ActiveAssignment) -> None:
        """A batch cannot give a vehicle two trips, nor a trip two vehicles."""
        found = await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T1"), second]))
        assert found == Conflict({}, {}, [])
        assert await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T1")])) == Committed()

    async def test_a_released_vehicle_can_be_claimed(self, handles: Handles) -> None:
        """A release and the next claim fit into one batch."""
        await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T1")]))
        batch = Batch(releases=[ActiveAssignment("V1", "T1")], assignments=[ActiveAssignment("V1", "T2")])
        assert await handles.theirs.commit(batch) == Committed()
        assert await handles.mine.commit(Batch(assignments=[ActiveAssignment("V2", "T1")])) == Committed()
        assert await handles.mine.commit(Batch(assignments=[ActiveAssignment("V2", "T2")])) != Committed()

    @pytest.mark.parametrize("wrong", [ActiveAssignment("V1", "T2"), ActiveAssignment("V2", "T1")])
    async def test_only_the_exact_pair_is_released(self, handles: Handles, wrong: ActiveAssignment) -> None:
        """A release of another pair frees nobody, and is no conflict."""
        await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T1")]))
        assert await handles.mine.commit(Batch(releases=[wrong])) == Committed()
        assert isinstance(await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T9")])), Conflict)

    async def test_a_claim_and_its_release_in_one_batch_leave_nothing(self, handles: Handles) -> None:
        """An assignment that is taken back within one batch was never there."""
        pair = ActiveAssignment("V1", "T1")
        assert await handles.mine.commit(Batch(assignments=[pair], releases=[pair])) == Committed()
        assert await handles.mine.commit(Batch(assignments=[ActiveAssignment("V1", "T2")])) == Committed()

    async def test_dues_are_replaced_and_removed(self, handles: Handles) -> None:
        """A due put again replaces the first; a due that is done is gone; doing it again is no conflict."""
        await handles.mine.commit(Batch(commands_put=[due(TRIP, "a", 5.0), due(TRIP, "b", 3.0), due(OTHER, "a", 9.0)]))
        await handles.theirs.commit(Batch(commands_put=[due(TRIP, "a", 7.0, "alipay:")], commands_done=[(TRIP, "b")]))
        assert await handles.theirs.commit(Batch(commands_done=[(TRIP, "b"), (CAR, "z")])) == Committed()
        mine, other = await handles.mine.load([TRIP, OTHER])
        assert list(mine.scheduled) == [due(TRIP, "a", 7.0, "alipay:")]
        assert list(other.scheduled) == [due(OTHER, "a", 9.0)]

    async def test_a_due_done_and_put_in_one_batch_is_put(self, handles: Handles) -> None:
        """A timer that fires may be armed again under its name."""
        await handles.mine.commit(Batch(commands_put=[due(TRIP, "a", 5.0)]))
        await handles.mine.commit(Batch(commands_done=[(TRIP, "a")], commands_put=[due(TRIP, "a", 6.0)]))
        (history,) = await handles.mine.load([TRIP])
        assert list(history.scheduled) == [due(TRIP, "a", 6.0)]

    async def test_dues_are_found_by_shard(self, handles: Handles) -> None:
        """All shards together give all dues of a kind, each once, earliest first; half of them a part."""
        keys = [EntityKey("trip", f"T{number}") for number in range(40)]
        puts = [due(key, "timer", 100.0 - number) for number, key in enumerate(keys)]
        await handles.mine.commit(Batch(commands_put=[*puts, due(CAR, "timer", 1.0)]))
        low, high = range(SHARDS // 2), range(SHARDS // 2, SHARDS)
        assert list(await handles.theirs.scheduled_commands("trip", range(SHARDS))) == puts[::-1]
        halves = [
            *await handles.mine.scheduled_commands("trip", low),
            *await handles.mine.scheduled_commands("trip", high),
        ]
        assert sorted(halves) == sorted(puts)
        assert list(await handles.mine.scheduled_commands("trip", range(SHARDS), until=62.0)) == puts[:37:-1]
        assert list(await handles.mine.scheduled_commands("trip", [])) == []

    async def test_load_gives_the_newest_snapshot_and_what_follows(self, handles: Handles) -> None:
        """An older snapshot that comes late does not replace a newer one."""
        await handles.mine.commit(append(TRIP, 0, "a", "b", "c"))
        await handles.mine.commit(Batch(snapshots=[StoredSnapshot(TRIP, 2, b"two")]))
        await handles.theirs.commit(Batch(snapshots=[StoredSnapshot(TRIP, 1, b"one")]))
        (history,) = await handles.theirs.load([TRIP])
        assert history.snapshot == StoredSnapshot(TRIP, 2, b"two")
        assert [event.seq for event in history.events] == [3]
        await handles.mine.commit(Batch(snapshots=[StoredSnapshot(TRIP, 3, b"three")]))
        (history,) = await handles.theirs.load([TRIP])
        assert (history.snapshot, list(history.events)) == (StoredSnapshot(TRIP, 3, b"three"), [])

    async def test_load_keeps_the_order_asked_for(self, handles: Handles) -> None:
        """A thousand entities of two kinds come back as asked, unknown and repeated ones too."""
        trips = [EntityKey("trip", f"T{number:04}") for number in range(1_000)]
        cars = [EntityKey("vehicle", f"V{number:04}") for number in range(1_000)]
        for keys in (trips, cars):
            batch = Batch(appends=[Append(key, 0, events(key.id)) for key in keys])
            assert await handles.mine.commit(batch) == Committed()
        asked = [*trips[::-1], EntityKey("payment", "P1"), *cars, trips[3]]
        found = await handles.theirs.load(asked)
        assert [history.key for history in found] == asked
        assert [[event.body.decode() for event in history.events] for history in found] == [
            [] if key.kind == "payment" else [key.id] for key in asked
        ]

    async def test_load_of_nothing(self, handles: Handles) -> None:
        """No keys, no histories."""
        assert list(await handles.mine.load([])) == []

    async def test_heads_are_the_last_numbers(self, handles: Handles) -> None:
        """Of streams that were written by whomever; one that was never written has none."""
        await handles.mine.commit(append(TRIP, 0, "a", "b"))
        await handles.theirs.commit(append(CAR, 0, "a"))
        assert await handles.mine.heads([TRIP, OTHER, CAR]) == {TRIP: 2, CAR: 1}
        assert await handles.mine.heads([]) == {}

    async def test_events_after_is_limited(self, handles: Handles) -> None:
        """A page of a stream starts after the number and has at most the limit."""
        await handles.mine.commit(append(TRIP, 0, *"abcdef"))
        assert [event.seq for event in await handles.mine.events_after(TRIP, 2, 3)] == [3, 4, 5]
        assert list(await handles.mine.events_after(TRIP, 6, 3)) == []

    async def test_a_setting_is_fixed_at_first_use(self, handles: Handles) -> None:
        """Who asks later gets what the first one stored."""
        assert await handles.mine.meta("region", "sf") == "sf"
        assert await handles.theirs.meta("region", "la") == "sf"

    async def test_settings_race(self, handles: Handles) -> None:
        """Of many who set a name at once one wins, and all are told the same."""
        asked = (handles[number % 2].meta("who", str(number)) for number in range(16))
        assert len(set(await asyncio.gather(*asked))) == 1

    async def test_one_of_32_writers_wins(self, handles: Handles) -> None:
        """Of 32 who expect the same number of a new, then of an old stream, one commits; the others are told."""
        for stands in (0, 1):
            found = await asyncio.gather(
                *(handles[writer % 2].commit(append(TRIP, stands, f"{writer}")) for writer in range(32))
            )
            assert found.count(Committed()) == 1
            assert found.count(Conflict({TRIP: stands + 1}, {}, [])) == 31
        assert len(await bodies(handles.mine, TRIP)) == 2

    async def test_acceptance_races_over_two_streams(self, handles: Handles) -> None:
        """Of 32 vehicles that accept one trip at once, one has it; of the losers nothing is left."""
        cars = [EntityKey("vehicle", f"V{number}") for number in range(32)]
        found = await asyncio.gather(
            *(
                handles[number % 2].commit(
                    Batch(
                        appends=[Append(car, 0, events("accepted")), Append(TRIP, 0, events(car.id))],
                        assignments=[ActiveAssignment(car.id, TRIP.id)],
                    )
                )
                for number, car in enumerate(cars)
            )
        )
        assert found.count(Committed()) == 1
        (winner,) = await bodies(handles.mine, TRIP)
        written = await handles.mine.load(cars)
        assert [history.key.id for history in written if history.events] == [winner]

    async def test_claims_race(self, handles: Handles) -> None:
        """Crossed claims without any stream: each vehicle ends with at most one trip, and nobody waits for ever."""
        pairs = [(vehicle, trip) for vehicle in "ABCD" for trip in "WXYZ"]
        crossed = [[pairs[number], pairs[(number * 7 + 5) % 16]] for number in range(16)]
        found = await asyncio.gather(*(self._claim(handles[n % 2], two) for n, two in enumerate(crossed)))
        won = [pair for two, answer in zip(crossed, found, strict=True) if answer == Committed() for pair in two]
        assert won
        assert len({vehicle for vehicle, _ in won}) == len({trip for _, trip in won}) == len(won)

    async def _claim(self, journal: Journal, pairs: Sequence[tuple[str, str]]) -> Committed | Conflict:
        return await journal.commit(Batch(assignments=[ActiveAssignment(vehicle, trip) for vehicle, trip in pairs]))

    async def test_crossed_batches_all_end(self, handles: Handles) -> None:
        """Batches that name the same streams in opposite orders end, and what is acknowledged is there once."""
        keys = [EntityKey("trip", f"T{number}") for number in range(8)]

        async def grow(journal: Journal, order: Sequence[EntityKey], name: str) -> int:
            done = 0
            for _ in range(8):
                stands = [len(history.events) for history in await journal.load(order)]
                batch = Batch(
                    appends=[Append(key, last, events(name)) for key, last in zip(order, stands, strict=True)]
                )
                done += await journal.commit(batch) == Committed()
            return done

        counts = await asyncio.gather(grow(handles.mine, keys, "mine"), grow(handles.theirs, keys[::-1], "theirs"))
        for history in await handles.mine.load(keys):
            assert [event.seq for event in history.events] == list(range(1, sum(counts) + 1))
        assert sum(counts) >= 1
