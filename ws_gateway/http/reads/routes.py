"""The routes of all reads (:mod:`dispatch.api.http_routes`), on the real database."""

from zoneinfo import ZoneInfo

from starlette.routing import Route

from dispatch.api import http_routes as read_routes
from dispatch.api.http_bodies import SearchQuery, TripsSince
from dispatch.clock import Clock
from dispatch.domain.rules import Rules
from dispatch.payment.core.payment import PaymentRules
from dispatch.store.database import Database
from dispatch.store.journals.sql_journal import SqlJournal
from dispatch.store.queries.alarms import SqlAlarms, SqlNotices
from dispatch.store.queries.event_history import SqlEventHistory
from dispatch.store.queries.lists import SqlLists
from dispatch.store.queries.personal_data import SqlPersonalData
from dispatch.store.queries.trip_rows import SqlTripRows
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.authenticated_reads import AuthenticatedReads
from ws_gateway.http.reads.driver import DriverReads
from ws_gateway.http.reads.entity_history import EntityHistory, MatchReasons
from ws_gateway.http.reads.passenger import PassengerReads
from ws_gateway.http.reads.trips import AlarmReads, TripReads
from ws_gateway.http.reads.vehicles import VehicleReads


def make_read_routes(
    reads: AuthenticatedReads,
    database: Database,
    reasons: MatchReasons,
    *,
    clock: Clock,
    rules: Rules,
    payment_rules: PaymentRules,
    numbers: SqlPersonalData,
    tokens: Tokens,
    share_ttl_s: float,
) -> list[Route]:
    entities = EntityHistory(SqlJournal(database, shards=1, clock=clock), rules, payment_rules)
    lists, events, history = SqlLists(database, numbers), SqlEventHistory(database), SqlTripRows(database)
    trips = TripReads(lists, events, entities, reasons, clock)
    vehicles = VehicleReads(lists, events, entities, reasons, clock)
    passenger = PassengerReads(history, entities, tokens, clock, share_ttl_s)
    zone: ZoneInfo = rules.tariff.zone
    driver = DriverReads(lists, history, SqlNotices(database), clock, zone)
    return [
        reads.query_route(read_routes.TRIPS, TripsSince, trips.listed),
        reads.get_route(read_routes.TRIP, trips.detail),
        reads.get_route(read_routes.VEHICLES, vehicles.listed),
        reads.get_route(read_routes.VEHICLE, vehicles.detail),
        reads.query_route(read_routes.SEARCH, SearchQuery, vehicles.search),
        reads.get_route(read_routes.ALARMS, AlarmReads(SqlAlarms(database), clock).listed),
        reads.get_route(read_routes.MY_TRIPS, passenger.listed),
        reads.get_route(read_routes.MY_RECEIPT, passenger.receipt),
        reads.get_route(read_routes.MY_SHARE, passenger.share),
        reads.get_route(read_routes.MY_SHIFT, driver.shift),
        reads.get_route(read_routes.MY_NOTICES, driver.notices),
    ]
