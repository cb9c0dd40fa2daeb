"""Connections go to the address that was checked, under the name that was asked for."""

import asyncio
import datetime
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.media.addresses import AllowedSources
from shared.media.connecting import CheckedNetwork
from shared.media.fetching import Limits, MediaFetcher
from shared.media.verdicts import Fetched, Outcome
from shared.model.errors import RecordRejected, RetryLater
from shared.storage.memory.media import MemoryMediaStore

NAME = "feed/1/0-photo.png"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
WHOLE = HEADERS + b"Content-Length: 108\r\n\r\n" + PNG

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A raw server on a free port of 127.0.0.1; answers the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def saying(answer: bytes, asked: list[bytes] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(request)
        writer.write(answer)
        await writer.drain()

    return talk


@dataclass
class Names:
    """A name service whose answers change; the last one stays."""

    answers: list[list[str]]
    asked: int = 0

    async def resolve(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class Sockets(httpcore.AsyncNetworkBackend):
    """Connects nowhere and remembers where to."""

    connected: list[tuple[str, int]] = field(default_factory=list)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        raise httpcore.ConnectError


async def fetched(url: str, trusted: str, names: Names | None = None, tls: ssl.SSLContext | None = None) -> Fetched:
    sources = AllowedSources.of([".bitrix24.com"], [trusted], names.resolve if names else None)
    store = MemoryMediaStore()
    fetcher = MediaFetcher(store, sources, portal=trusted, limits=Limits(connect=2.0, read=2.0), tls=tls)
    try:
        result = await fetcher.fetch(url, NAME)
    finally:
        await fetcher.close()
        found = await store.find(NAME)
    assert (found and found.size) == result.size
    return result


async def test_a_name_is_resolved_once_for_a_connection() -> None:
    names, sockets = Names([["8.8.8.8"], ["127.0.0.1"]]), Sockets()
    network = CheckedNetwork(AllowedSources.of([], [], names.resolve), sockets)
    with pytest.raises(httpcore.ConnectError):
        await network.connect_tcp("cdn.bitrix24.com", 443)
    assert (sockets.connected, names.asked) == ([("8.8.8.8", 443)], 1)


async def test_a_name_that_turns_private_is_not_connected_to_again() -> None:
    names, sockets = Names([["8.8.8.8"], ["169.254.169.254"]]), Sockets()
    network = CheckedNetwork(AllowedSources.of([], [], names.resolve), sockets)
    with pytest.raises(httpcore.ConnectError):
        await network.connect_tcp("cdn.bitrix24.com", 80)
    with pytest.raises(RecordRejected):
        await network.connect_tcp("cdn.bitrix24.com", 80)
    assert sockets.connected == [("8.8.8.8", 80)]


async def test_a_redirect_to_an_allowed_name_at_a_private_address_reaches_nobody() -> None:
    asked: list[bytes] = []
    async with listening(saying(WHOLE, asked)) as inside:
        away = f"HTTP/1.1 302 Found\r\nLocation: http://cdn.bitrix24.com:{inside}/\r\nContent-Length: 0\r\n\r\n"
        async with listening(saying(away.encode())) as port:
            names = Names([["127.0.0.1"]])
            result = await fetched(f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/", names)
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "media.private_address")
    assert (asked, names.asked) == ([], 1)


async def test_every_checked_address_is_tried_in_order() -> None:
    sockets = Sockets()
    names = Names([["2606:4700::1111", "8.8.8.8"]])
    with pytest.raises(httpcore.ConnectError):
        await CheckedNetwork(AllowedSources.of([], [], names.resolve), sockets).connect_tcp("a.example", 443, 5.0)
    assert sockets.connected == [("2606:4700::1111", 443), ("8.8.8.8", 443)]


async def test_the_second_address_serves_when_the_first_is_dead() -> None:
    async with listening(saying(WHOLE)) as port:
        names = Names([["127.0.0.2", "127.0.0.1"]])
        trusted = f"http://cdn.bitrix24.com:{port}/"
        assert (await fetched(trusted, trusted, names)).outcome is Outcome.STORED


@pytest.mark.parametrize("answers", [[], ["127.0.0.1"]])
async def test_a_name_without_an_address_or_a_listener_is_tried_later(answers: list[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        trusted = f"http://cdn.bitrix24.com:{closed.getsockname()[1]}/"
        with pytest.raises(RetryLater) as caught:
            await fetched(trusted, trusted, Names([answers]))
    assert caught.value.reason.code == "media.unreachable"


async def test_a_name_that_is_not_known_is_tried_later() -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    fetcher = MediaFetcher(
        MemoryMediaStore(), AllowedSources.of(["cdn.example"], [], unknown), portal="https://portal.example/"
    )
    with pytest.raises(RetryLater):
        await fetcher.fetch("https://cdn.example/a", NAME)
    await fetcher.close()


async def test_a_name_service_that_is_silent_is_not_waited_for() -> None:
    async def silent(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    network = CheckedNetwork(AllowedSources.of([], [], silent), Sockets())
    with pytest.raises(httpcore.ConnectTimeout):
        await network.connect_tcp("cdn.bitrix24.com", 443, 0.05)


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(of a server called ``name``, of a client that trusts its certificate)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(tz=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


async def test_tls_and_host_go_by_the_name_not_by_the_address(tmp_path: Path) -> None:
    server, client = certificate_for("cdn.bitrix24.com", tmp_path)
    asked: list[bytes] = []
    named: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: named.append(name)
    async with listening(saying(WHOLE, asked), server) as port:
        trusted = f"https://cdn.bitrix24.com:{port}/a"
        result = await fetched(trusted, trusted, Names([["127.0.0.1"]]), client)
    assert result.outcome is Outcome.STORED
    assert named == ["cdn.bitrix24.com"]
    assert f"host: cdn.bitrix24.com:{port}\r\n".encode() in asked[0].lower()


async def test_a_certificate_of_another_name_is_not_accepted(tmp_path: Path) -> None:
    server, client = certificate_for("cdn.bitrix24.com", tmp_path)
    async with listening(saying(WHOLE), server) as port:
        trusted = f"https://other.bitrix24.com:{port}/a"
        with pytest.raises(RetryLater):
            await fetched(trusted, trusted, Names([["127.0.0.1"]]), client)


async def test_the_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    async with listening(saying(WHOLE)) as port, listening(saying(WHOLE, asked)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy}")
        trusted = f"http://127.0.0.1:{port}/"
        assert (await fetched(trusted, trusted)).outcome is Outcome.STORED
    assert asked == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"not HTTP at all\r\n\r\n",
        HEADERS + b"Content-Length: 109\r\n\r\n" + PNG,
        HEADERS + b"Transfer-Encoding: chunked\r\n\r\n6c\r\n" + PNG + b"\r\n",
        HEADERS + b"Content-Length: many\r\n\r\n" + PNG,
    ],
    ids=["nothing", "not HTTP", "less than announced", "a last chunk missing", "no length"],
)
async def test_an_answer_that_breaks_off_or_makes_no_sense_is_tried_later(answer: bytes) -> None:
    async with listening(saying(answer)) as port:
        trusted = f"http://127.0.0.1:{port}/"
        with pytest.raises(RetryLater) as caught:
            await fetched(trusted, trusted)
    assert caught.value.reason.code == "media.unreachable"


async def test_a_connection_that_is_reset_is_tried_later() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEADERS + b"Content-Length: 9000\r\n\r\n" + PNG)
        await writer.drain()
        plain: socket.socket = writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with listening(reset) as port:
        trusted = f"http://127.0.0.1:{port}/"
        with pytest.raises(RetryLater):
            await fetched(trusted, trusted)


async def test_what_follows_the_announced_length_is_not_part_of_the_file() -> None:
    async with listening(saying(WHOLE + b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        trusted = f"http://127.0.0.1:{port}/"
        assert (await fetched(trusted, trusted)).size == len(PNG)
