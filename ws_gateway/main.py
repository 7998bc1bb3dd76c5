"""The process of one gateway: ``python -m ws_gateway --data-dir DIR --fd N --number I``, as the supervisor starts it.

The listening socket is inherited, so that several gateways share one port and a new one takes over from a dead one.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

import msgspec
import structlog
import uvloop
from starlette.routing import Route

from dispatch.actors.ray.cluster import host_finder
from dispatch.actors.ray.discovery import connect_by_ray
from dispatch.actors.ray.session import join_cluster
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.api.http_bodies import CityFacts
from dispatch.config.loader import Settings, load_settings
from dispatch.config.rules import rules_of
from dispatch.config.secrets import token_secret, vault_of
from dispatch.geo.cells import Box
from dispatch.geo.city import City, load_city
from dispatch.observability.logging import configure_logging
from dispatch.observability.metrics import Metrics, merged
from dispatch.payment.core.rotating_word import VerificationWord, verification_word
from dispatch.payment.gateways.factory import open_gateways, payment_rules_of
from dispatch.processes.gc_freeze import freeze_startup_objects
from dispatch.processes.monitored_process import heartbeat
from dispatch.store.buses.redis_bus import RedisBus
from dispatch.store.database import Database, open_database
from dispatch.store.queries.alarms import SqlAlarms, SqlNotices
from dispatch.store.queries.audit import SqlAudit
from dispatch.store.queries.personal_data import SqlPersonalData
from dispatch.store.queries.registry import SqlRegistry
from dispatch.store.queries.replay import SqlReplay
from dispatch.store.queries.revocations import SqlRevocations
from dispatch.store.queries.tracks import SqlTracks
from dispatch.store.queries.trip_rows import SqlTripRows
from dispatch.values.ids import DriverId
from ws_gateway.app import Dependencies, create_app
from ws_gateway.auth.revocations import Revocations
from ws_gateway.auth.sign_in import SignIn
from ws_gateway.auth.sms import DevelopmentSms
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.alipay_webhook import AlipayWebhook
from ws_gateway.http.authenticated_reads import AuthenticatedReads
from ws_gateway.http.city_routes import LAYERS, city_routes
from ws_gateway.http.fare_estimate import price_by
from ws_gateway.http.place_routes import PlaceRoutes
from ws_gateway.http.reads.routes import look_up_routes
from ws_gateway.http.replay_routes import ReplayRoutes
from ws_gateway.hub.bus_subscriber import BusSubscriber
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.pay.alipay_oauth import AlipayApplications, open_applications
from ws_gateway.pay.alipay_sign_in import SHARED_ACCOUNT, AlipaySignInRoutes
from ws_gateway.pay.fare_commands import FareCommands
from ws_gateway.pay.page_context import PageContext
from ws_gateway.pay.rate_limits import Allow, PageLimits, allowed_by
from ws_gateway.pay.responses import PageResponses
from ws_gateway.pay.routes import pay_routes
from ws_gateway.pay.signed_forms import FormSigner
from ws_gateway.server.static_apps import web_routes
from ws_gateway.server.uvicorn_server import Tls, make_server, prepare
from ws_gateway.session.identity import SessionRules
from ws_gateway.settings import GatewaySettings

_NOBODY = DriverId("nobody")
_BEYOND_DEG = 0.2
"""So far beyond the road network places are served still (some 20 km): by straight line."""


def gateway_settings(settings: Settings) -> GatewaySettings:
    """What a gateway needs of the settings."""
    return GatewaySettings(
        origins=(settings.public_url, *settings.server.origins),
        sign_ins_by_address=(settings.limits.sign_ins_per_s, settings.limits.sign_ins_burst),
        sockets_by_address=(settings.limits.sockets_per_s, settings.limits.sockets_burst),
        connections_by_address=(settings.limits.connections_per_s, settings.limits.connections_burst),
        proxies=settings.server.proxies,
        messages_per_s=settings.limits.messages_per_s,
        burst=settings.limits.burst,
        message_max_bytes=settings.limits.max_message_bytes,
        outbox_events=settings.limits.outbox,
        shed_after_lag_s=settings.limits.shed_after_lag_s,
        future_tolerance_s=settings.vehicle.future_tolerance_s * max(1.0, settings.clock.speed),
        drain_s=settings.server.drain_s,
        token_ttl_s=settings.auth.token_ttl_s,
        sms_code_ttl_s=settings.auth.sms_code_ttl_s,
        sign_in_attempts=settings.auth.sign_in_attempts,
        sign_in_lock_s=settings.auth.sign_in_lock_s,
    )


async def serve_gateway(
    system: ClusterConfig, settings: Settings, listening: socket.socket, number: int, pipe: int
) -> None:
    """Serve on ``listening`` until a signal, then drain. This process must have joined the cluster.

    ``pipe`` is where it says that it is alive.
    """
    beating = asyncio.ensure_future(heartbeat(pipe))
    try:
        async with _dependencies(system, settings, number) as deps:
            prepare(listening)
            server = settings.server
            tls = Tls(server.tls_cert, server.tls_key) if server.tls_cert and server.tls_key else None
            gateway = make_server(create_app(deps), deps.settings, tls)
            freeze_startup_objects()
            await gateway.serve(sockets=[listening])
    finally:
        beating.cancel()


@asynccontextmanager
async def _dependencies(system: ClusterConfig, settings: Settings, number: int) -> AsyncIterator[Dependencies]:
    """The real parts, opened and closed in order."""
    city = load_city(settings.city.name)
    database = open_database(system.journal_url)
    redis = RedisBus(system.redis_url)
    alipay = open_gateways(settings, system.clock())
    authorizations = open_applications(settings, system.clock())
    hosts = HostClient(system, f"gateway-{number}-{token_hex(4)}", connect_by_ray(host_finder(settings, system)))
    feed = BusSubscriber(redis, system.placement.consoles(), system.placement.map_names(), number)
    hosts.start()
    try:
        notices = AlipayWebhook(alipay, hosts)
        deps = _wire(system, settings, city, hosts=hosts, bus=redis, feed=feed, database=database, notices=notices)
        context = _counter(deps, settings, authorizations, allow=allowed_by(redis))
        reading = AuthenticatedReads(
            verify=deps.revocations.verify,
            clock=deps.clock,
            allow=allowed_by(redis),
            contacts=PhoneMasker(deps.registry, deps.clock, _new_id),
        )
        pages = (
            *_city_pages(city, settings, deps, alipay=authorizations.authorizer_for(SHARED_ACCOUNT) is not None),
            *_places_of(city).routes(reading),
            *AlipaySignInRoutes(context, deps.sign_in, allowed_by(redis)).routes(),
            *_replay(deps, settings, database).routes(reading),
            *_look_ups(reading, deps, settings, database),
            *pay_routes(context),
            *web_routes(tiles=settings.map.tiles, public_url=settings.public_url),
        )
        yield msgspec.structs.replace(deps, pages=pages)
    finally:
        await hosts.stop()
        await feed.close()
        await redis.close()
        await authorizations.aclose()
        await alipay.aclose()
        await database.close()


def _wire(
    system: ClusterConfig,
    settings: Settings,
    city: City,
    *,
    hosts: HostClient,
    bus: RedisBus,
    feed: BusSubscriber,
    database: Database,
    notices: AlipayWebhook,
) -> Dependencies:
    ours = gateway_settings(settings)
    clock = system.clock()
    rules = rules_of(settings)
    secret = token_secret(settings).get_secret_value().encode()
    tokens = Tokens(secret, ours.token_ttl_s)
    registry = SqlRegistry(database, SqlPersonalData(database, vault_of(settings)))
    metrics = Metrics()
    sms = DevelopmentSms(Path(system.data_dir) / "sms.jsonl")

    async def journal_answers() -> bool:
        await registry.permitted(_NOBODY)
        return True

    async def expose() -> bytes:
        return merged({"gateway": metrics.expose(), **await hosts.exposed()})

    return Dependencies(
        hosts=hosts,
        bus=feed,
        registry=registry,
        history=SqlTripRows(database),
        alarms=SqlAlarms(database),
        notices=SqlNotices(database),
        roads=city.travel_time(),
        payments=notices,
        metrics=metrics,
        sign_in=SignIn(
            registry=registry,
            sms=sms,
            tokens=tokens,
            clock=clock,
            settings=ours,
            secret=secret,
            new_id=_new_id,
            bus=bus,
            audit=SqlAudit(database),
        ),
        tokens=tokens,
        revocations=Revocations(SqlRevocations(database), tokens.verify, clock),
        clock=clock,
        settings=ours,
        rules=SessionRules(secret=secret, price=price_by(rules), served=_around(city.box)),
        zone=rules.tariff.zone,
        checks={"hosts": hosts.ready, "journal": journal_answers},
        expose=expose,
        new_id=_new_id,
    )


def _replay(deps: Dependencies, settings: Settings, database: Database) -> ReplayRoutes:
    ways, pasts = SqlTracks(database), SqlReplay(database)
    chunk_s = settings.track.chunk_s
    return ReplayRoutes(ways, pasts, rules=rules_of(settings), clock=deps.clock, chunk_s=chunk_s)


def _city_pages(city: City, settings: Settings, deps: Dependencies, *, alipay: bool) -> list[Route]:
    """What everybody may know of the city."""
    facts = CityFacts(
        name=settings.city.name,
        title=city.title,
        time_zone=city.time_zone,
        currency=rules_of(settings).tariff.currency,
        speed=deps.clock.speed,
        center=(city.center.lat, city.center.lng),
        box=(city.box.south, city.box.west, city.box.north, city.box.east),
        tiles=settings.map.tiles,
        sources=list(city.sources),
        development=bool(settings.alipay.bridge_url),
        alipay=alipay,
    )
    layers = {name: packed for name in LAYERS if (packed := city.packed_layer(name)) is not None}
    return city_routes(facts, layers)


def _places_of(city: City) -> PlaceRoutes:
    """Who knows the city's places."""
    return PlaceRoutes(city.places)


def _look_ups(reading: AuthenticatedReads, deps: Dependencies, settings: Settings, database: Database) -> list[Route]:
    """Lists and stories."""
    return look_up_routes(
        reading,
        database,
        deps.hosts,
        clock=deps.clock,
        rules=rules_of(settings),
        payment_rules=payment_rules_of(settings),
        numbers=SqlPersonalData(database, vault_of(settings)),
        tokens=deps.tokens,
        share_ttl_s=settings.auth.share_ttl_s,
    )


def _counter(deps: Dependencies, settings: Settings, authorizations: AlipayApplications, allow: Allow) -> PageContext:
    """What the passenger's page is made of."""

    def word() -> VerificationWord:
        return verification_word(deps.rules.secret, deps.clock.wall())

    return PageContext(
        commands=FareCommands(deps.hosts, deps.registry, _new_id),
        signer=FormSigner(deps.rules.secret),
        authorizers=authorizations,
        responses=PageResponses(settings.public_url, settings.alipay.bridge_url),
        limits=PageLimits(allow),
        clock=deps.clock,
        zone=deps.zone,
        public_url=settings.public_url,
        word=word,
        new_id=_new_id,
    )


def _new_id() -> str:
    return token_hex(8)


def _around(box: Box) -> Box:
    return Box(box.south - _BEYOND_DEG, box.west - _BEYOND_DEG, box.north + _BEYOND_DEG, box.east + _BEYOND_DEG)


def main() -> None:
    """Read the arguments, join the cluster, serve."""
    parser = argparse.ArgumentParser(prog="ws_gateway", description="One gateway of a running system.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--fd", type=int, required=True, help="the listening socket, inherited")
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--alive-fd", type=int, required=True, help="where to say that we are alive, inherited")
    given = parser.parse_args()
    system = ClusterConfig.read(given.data_dir)
    settings = load_settings(system.config_file, dict(system.overrides))
    configure_logging(settings.log.level, settings.log.format)
    join_cluster(system)
    structlog.get_logger("gateway").info("gateway starts", number=given.number)
    listening = socket.socket(fileno=given.fd)
    uvloop.run(serve_gateway(system, settings, listening, given.number, given.alive_fd))
