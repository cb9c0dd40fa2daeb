"""Which addresses files may come from: allowed hosts only, and nothing inside a network of ours (DESIGN §4)."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx

from shared.model.errors import RecordRejected

Origin = tuple[str, int]
"""(host, port); the host in lower case, ASCII, without a dot at its end."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Addresses of a name, the preferred first. Raises OSError."""

_HIGHEST_PORT = 65_535
_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}\Z")
_NUMBER = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)\Z")

_HOLDS_IPV4 = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))
"""IPv6 forms of IPv4 addresses: mapped, and translated by a NAT64. Who connects reaches the IPv4 address."""

_UNICAST = ip_network("2000::/3")
_SPECIAL = (
    ip_network("168.63.129.16/32"),  # the platform's own services, seen from inside any machine of Azure
    ip_network("192.0.0.0/24"),
    ip_network("192.88.99.0/24"),
    ip_network("2002::/16"),  # 6to4: leads to the IPv4 address inside
    ip_network("3fff::/20"),
)
"""Networks of special purpose that ``ipaddress`` calls global."""


@dataclass(frozen=True, slots=True)
class AllowedSources:
    """Hosts that files may come from. Made by ``of``; refusals are RecordRejected and name the host at most."""

    hosts: frozenset[str]
    suffixes: tuple[str, ...]
    trusted: frozenset[Origin]
    resolve: Resolve

    @staticmethod
    def of(hosts: Iterable[str], trusted: Iterable[str] = (), resolve: Resolve | None = None) -> "AllowedSources":
        """``hosts`` are names, or ``.bitrix24.com`` for every name below it. Raises ValueError for what is neither.

        ``trusted`` are URLs (the portal's webhooks): their very host and port may be private. Only that is kept.
        """
        patterns = [pattern.strip().lower() for pattern in hosts]
        for pattern in patterns:
            name = pattern.removeprefix(".")
            if not (_is_name(name) or _literal(name)) or (pattern != name and "." not in name):
                raise ValueError(f"{pattern!r} is neither a host nor a suffix such as .bitrix24.com")
        try:
            origins = frozenset(origin_of(_parsed(url)) for url in trusted)
        except RecordRejected as error:
            raise ValueError(f"a trusted URL: {error}") from None
        return AllowedSources(
            frozenset(str(_literal(pattern) or pattern) for pattern in patterns if not pattern.startswith(".")),
            tuple(pattern for pattern in patterns if pattern.startswith(".")),
            origins,
            resolve or _resolve,
        )

    def admit(self, url: str | httpx.URL) -> httpx.URL:
        """``url`` in its normal form. Raises RecordRejected ``media.address_refused``."""
        parsed = _parsed(url)
        host, port = origin_of(parsed)
        if (host, port) not in self.trusted and host not in self.hosts and not host.endswith(self.suffixes):
            raise RecordRejected("media.address_refused", f"{host} is not among the allowed hosts")
        return parsed.copy_with(host=host)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where ``host`` may be connected to. Raises RecordRejected ``media.private_address``, OSError.

        One forbidden address among several refuses the name: a name that points to both sides is a trick.
        """
        literal = _literal(host)
        found = [str(literal)] if literal else await self.resolve(host, port)
        if (host, port) not in self.trusted and not all(is_public(address) for address in found):
            raise RecordRejected("media.private_address", f"{host} is at an address that is not public")
        return found


def origin_of(url: httpx.URL) -> Origin:
    """Host and port of a URL. Raises RecordRejected ``media.address_refused`` for a host in any odd spelling."""
    host = url.raw_host.decode("ascii").lower().removesuffix(".")
    literal = _literal(host)
    if not _is_name(host) and literal is None:
        raise RecordRejected("media.address_refused", "the link names its host in a way that is not allowed")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if not 0 < port <= _HIGHEST_PORT:
        raise RecordRejected("media.address_refused", "the link names a port that cannot be")
    return str(literal or host), port


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet. Raises ValueError for what is no address."""
    parsed: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if any(parsed in network for network in _HOLDS_IPV4):
            return is_public(str(IPv4Address(parsed.packed[-4:])))
        if parsed not in _UNICAST:
            return False
    return parsed.is_global and not parsed.is_multicast and not any(parsed in network for network in _SPECIAL)


def _parsed(url: str | httpx.URL) -> httpx.URL:
    """A web address without a user. The one parser for what is checked and what is connected to."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise RecordRejected("media.address_refused", "the link is no web address") from None
    if parsed.scheme not in _PORTS or not parsed.raw_host:
        raise RecordRejected("media.address_refused", "the link is no http or https address")
    if parsed.userinfo:
        raise RecordRejected("media.address_refused", "the link carries a user name")
    return parsed


def _is_name(host: str) -> bool:
    """A name whose last label is a number would be read as an IPv4 address: decimal, octal or hexadecimal."""
    return bool(_NAME.match(host)) and not _NUMBER.search(host)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """An address in its usual spelling, without a zone."""
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))
