"""Builds the real parts of a gateway process, each once, and closes them at the end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from secrets import token_hex

from starlette.routing import Route

from dispatch.actors.ray.cluster import host_finder
from dispatch.actors.ray.discovery import connect_by_ray
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.api.http_bodies import CityFacts
from dispatch.config.loader import Settings
from dispatch.config.rules import rules_of
from dispatch.config.secrets import token_secret, vault_of
from dispatch.geo.cells import Box
from dispatch.geo.city import City, load_city
from dispatch.observability.metrics import Metrics, merged
from dispatch.payment.core.rotating_word import VerificationWord, verification_word
from dispatch.payment.gateways.factory import Gateways, open_gateways, payment_rules_of
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
from ws_gateway.app import Dependencies
from ws_gateway.auth.revocations import Revocations
from ws_gateway.auth.sign_in import SignIn
from ws_gateway.auth.sms import DevelopmentSms
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.alipay_webhook import AlipayWebhook
from ws_gateway.http.authenticated_reads import AuthenticatedReads
from ws_gateway.http.city_routes import LAYERS, city_routes
from ws_gateway.http.place_routes import PlaceRoutes
from ws_gateway.http.reads.routes import make_read_routes
from ws_gateway.http.replay_routes import ReplayRoutes
from ws_gateway.hub.bus_subscriber import BusSubscriber
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.limits.shared_limits import SharedRateLimiter
from ws_gateway.pay.alipay_oauth import AlipayApplications, open_applications
from ws_gateway.pay.alipay_sign_in import SHARED_ACCOUNT, AlipaySignInRoutes
from ws_gateway.pay.fare_commands import FareCommands
from ws_gateway.pay.page_context import PageContext
from ws_gateway.pay.rate_limits import PageLimits
from ws_gateway.pay.responses import PageResponses
from ws_gateway.pay.routes import pay_routes
from ws_gateway.pay.signed_forms import FormSigner
from ws_gateway.server.static_apps import web_routes
from ws_gateway.session.identity import SessionRules, price_by
from ws_gateway.settings import GatewaySettings

_NO_DRIVER = DriverId("nobody")
_SERVED_MARGIN_DEG = 0.2
"""Margin in degrees (about 20 km) around the road network within which trips are accepted and estimated as the crow
flies."""


@asynccontextmanager
async def open_dependencies(cluster: ClusterConfig, settings: Settings, number: int) -> AsyncIterator[Dependencies]:
    """The parts of gateway ``number``. This process must have joined the cluster."""
    clock = cluster.clock()
    async with AsyncExitStack() as stack:
        database = open_database(cluster.journal_url)
        stack.push_async_callback(database.close)
        alipay = open_gateways(settings, clock)
        stack.push_async_callback(alipay.aclose)
        applications = open_applications(settings, clock)
        stack.push_async_callback(applications.aclose)
        redis = RedisBus(cluster.redis_url)
        stack.push_async_callback(redis.close)
        subscriber = BusSubscriber(redis, cluster.placement.consoles(), cluster.placement.map_names(), number)
        stack.push_async_callback(subscriber.close)
        connect = connect_by_ray(host_finder(settings, cluster))
        hosts = HostClient(cluster, f"gateway-{number}-{token_hex(4)}", connect)
        hosts.start()
        stack.push_async_callback(hosts.stop)
        wiring = _Wiring(cluster, settings, database=database, redis=redis, hosts=hosts)
        yield wiring.dependencies(subscriber, alipay, applications)


class _Wiring:
    """The parts that others share."""

    def __init__(
        self, cluster: ClusterConfig, settings: Settings, *, database: Database, redis: RedisBus, hosts: HostClient
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._database = database
        self._redis = redis
        self._hosts = hosts
        self._clock = cluster.clock()
        self._rules = rules_of(settings)
        self._gateway_settings = gateway_settings(settings)
        self._secret = token_secret(settings).get_secret_value().encode()
        self._city = load_city(settings.city.name)
        self._tokens = Tokens(self._secret, self._gateway_settings.token_ttl_s)
        self._revocations = Revocations(SqlRevocations(database), self._tokens.verify, self._clock)
        self._personal_data = SqlPersonalData(database, vault_of(settings))
        self._registry = SqlRegistry(database, self._personal_data)
        self._phones = PhoneMasker(self._registry, self._clock, _new_id)
        self._limiter = SharedRateLimiter(redis, self._clock)
        self._metrics = Metrics()

    def dependencies(
        self, subscriber: BusSubscriber, alipay: Gateways, applications: AlipayApplications
    ) -> Dependencies:
        sign_in = self._sign_in()
        return Dependencies(
            hosts=self._hosts,
            bus=subscriber,
            registry=self._registry,
            history=SqlTripRows(self._database),
            alarms=SqlAlarms(self._database),
            notices=SqlNotices(self._database),
            roads=self._city.travel_time(),
            payments=AlipayWebhook(alipay, self._hosts),
            metrics=self._metrics,
            sign_in=sign_in,
            revocations=self._revocations,
            phones=self._phones,
            clock=self._clock,
            settings=self._gateway_settings,
            rules=SessionRules(secret=self._secret, price=price_by(self._rules), served=_with_margin(self._city.box)),
            zone=self._rules.tariff.zone,
            word=self._word,
            checks={"hosts": self._hosts.ready, "journal": self._journal_answers},
            expose=self._expose,
            new_id=_new_id,
            pages=tuple(self._pages(sign_in, applications)),
        )

    def _sign_in(self) -> SignIn:
        return SignIn(
            registry=self._registry,
            sms=DevelopmentSms(Path(self._cluster.data_dir) / "sms.jsonl"),
            tokens=self._tokens,
            clock=self._clock,
            settings=self._gateway_settings,
            secret=self._secret,
            new_id=_new_id,
            bus=self._redis,
            audit=SqlAudit(self._database),
        )

    def _pages(self, sign_in: SignIn, applications: AlipayApplications) -> list[Route]:
        reads = AuthenticatedReads(
            verify=self._revocations.verify, clock=self._clock, limiter=self._limiter, phones=self._phones
        )
        context = self._page_context(applications)
        settings, database = self._settings, self._database
        replay = ReplayRoutes(
            SqlTracks(database),
            SqlReplay(database),
            rules=self._rules,
            clock=self._clock,
            chunk_s=settings.track.chunk_s,
        )
        read_routes = make_read_routes(
            reads,
            database,
            self._hosts,
            clock=self._clock,
            rules=self._rules,
            payment_rules=payment_rules_of(settings),
            numbers=self._personal_data,
            tokens=self._tokens,
            share_ttl_s=settings.auth.share_ttl_s,
        )
        has_alipay = applications.authorizer_for(SHARED_ACCOUNT) is not None
        return [
            *city_routes(self._city_facts(alipay=has_alipay), _layers(self._city)),
            *PlaceRoutes(self._city.places).routes(reads),
            *AlipaySignInRoutes(context, sign_in, self._limiter).routes(),
            *replay.routes(reads),
            *read_routes,
            *pay_routes(context),
            *web_routes(tiles=settings.map.tiles, public_url=settings.public_url),
        ]

    def _page_context(self, applications: AlipayApplications) -> PageContext:
        return PageContext(
            commands=FareCommands(self._hosts, self._registry, _new_id),
            signer=FormSigner(self._secret),
            authorizers=applications,
            responses=PageResponses(self._settings.public_url, self._settings.alipay.bridge_url),
            limits=PageLimits(self._limiter),
            clock=self._clock,
            zone=self._rules.tariff.zone,
            public_url=self._settings.public_url,
            word=self._word,
            new_id=_new_id,
        )

    def _city_facts(self, *, alipay: bool) -> CityFacts:
        city, settings = self._city, self._settings
        return CityFacts(
            name=settings.city.name,
            title=city.title,
            time_zone=city.time_zone,
            currency=self._rules.tariff.currency,
            speed=self._clock.speed,
            center=(city.center.lat, city.center.lng),
            box=(city.box.south, city.box.west, city.box.north, city.box.east),
            tiles=settings.map.tiles,
            sources=list(city.sources),
            development=bool(settings.alipay.bridge_url),
            alipay=alipay,
        )

    def _word(self) -> VerificationWord:
        return verification_word(self._secret, self._clock.wall())

    async def _journal_answers(self) -> bool:
        await self._registry.permitted(_NO_DRIVER)
        return True

    async def _expose(self) -> bytes:
        return merged({"gateway": self._metrics.expose(), **await self._hosts.exposed()})


def gateway_settings(settings: Settings) -> GatewaySettings:
    limits = settings.limits
    return GatewaySettings(
        origins=(settings.public_url, *settings.server.origins),
        sign_ins_by_address=(limits.sign_ins_per_s, limits.sign_ins_burst),
        sockets_by_address=(limits.sockets_per_s, limits.sockets_burst),
        connections_by_address=(limits.connections_per_s, limits.connections_burst),
        proxies=settings.server.proxies,
        messages_per_s=limits.messages_per_s,
        burst=limits.burst,
        message_max_bytes=limits.max_message_bytes,
        outbox_events=limits.outbox,
        shed_after_lag_s=limits.shed_after_lag_s,
        future_tolerance_s=settings.vehicle.future_tolerance_s * max(1.0, settings.clock.speed),
        drain_s=settings.server.drain_s,
        token_ttl_s=settings.auth.token_ttl_s,
        sms_code_ttl_s=settings.auth.sms_code_ttl_s,
        sign_in_attempts=settings.auth.sign_in_attempts,
        sign_in_lock_s=settings.auth.sign_in_lock_s,
    )


def _layers(city: City) -> dict[str, bytes]:
    return {name: packed for name in LAYERS if (packed := city.packed_layer(name)) is not None}


def _new_id() -> str:
    return token_hex(8)


def _with_margin(box: Box) -> Box:
    margin = _SERVED_MARGIN_DEG
    return Box(box.south - margin, box.west - margin, box.north + margin, box.east + margin)
