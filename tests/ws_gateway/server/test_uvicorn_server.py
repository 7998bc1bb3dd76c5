"""HTTPS and WSS by ourselves."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgpack
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from dispatch.config.loader import SettingsError, load_settings
from tests.ws_gateway.conftest import Start
from ws_gateway.server.uvicorn_server import Tls


def certified(folder: Path) -> Tls:
    """A certificate for 127.0.0.1 that it has given itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "taxi")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    tls = Tls(folder / "cert.pem", folder / "key.pem")
    tls.certificates.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    tls.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return tls


@pytest.mark.integration
async def test_sockets_and_http_over_tls(start: Start, tmp_path: Path) -> None:
    """Who trusts the certificate is served, pages of the same address may open sockets; without TLS nobody is heard."""
    tls = certified(tmp_path)
    gateway = await start(tls=tls)
    trust = ssl.create_default_context(cafile=str(tls.certificates))
    async with httpx.AsyncClient(base_url=f"https://127.0.0.1:{gateway.port}", verify=trust, timeout=20) as http:
        assert (await http.get("/health")).json() == {"alive": True}
    origin, protocols = Origin(f"https://127.0.0.1:{gateway.port}"), [Subprotocol("taxi.v1.msgpack")]
    url = f"wss://127.0.0.1:{gateway.port}/v1/ws"
    async with connect(url, subprotocols=protocols, ssl=trust, origin=origin, compression=None) as socket:
        await socket.send(msgpack.packb({"t": "hello", "token": gateway.token("driver", "D1", "V1")}))
        assert msgpack.unpackb(await socket.recv())["t"] == "welcome"
        await socket.send(msgpack.packb({"t": "fix", "fix": [1, gateway.clock.city(), 37.7, -122.4]}))
        await gateway.hosts.got_rows.wait()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=20) as http:
        with pytest.raises(httpx.TransportError):
            await http.get("/health")


def test_certificate_and_key_go_together(tmp_path: Path) -> None:
    """One without the other is a mistake; both make our own address one of HTTPS."""
    tls = certified(tmp_path)
    with pytest.raises(SettingsError, match="tls_key"):
        load_settings(None, {"server.tls_cert": str(tls.certificates)})
    settings = load_settings(None, {"server.tls_cert": str(tls.certificates), "server.tls_key": str(tls.key)})
    assert settings.public_url == "https://127.0.0.1:8080"
