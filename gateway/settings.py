"""Settings of the gateway, from the environment."""

import ipaddress
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A setting makes no sense; the message names it, never a code."""


@dataclass(frozen=True, slots=True)
class Code:
    """One import code of a user. ``expires`` is in Unix seconds."""

    user: str
    code: str = field(repr=False)
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """Items per call and calls per minute of a write method."""

    max_items: int
    per_minute: int


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them. Sizes are bytes, ``max_text`` characters."""

    host: str
    port: int
    codes: tuple[Code, ...]
    store: str = field(repr=False)
    media: Path
    tls_cert: str | None
    tls_key: str | None
    trusted_proxies: tuple[Network, ...]
    ip_allow: tuple[Network, ...]
    methods: frozenset[str] | None
    limits: dict[str, Limit]
    rate_factor: float
    strict: bool
    max_bytes: int
    max_media_bytes: int
    max_text: int


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Raises SettingsError."""
    env = os.environ if environment is None else environment
    data = Path(env.get("PORTAGE_DATA_DIR") or ".local")
    cert, key = env.get("GATEWAY_TLS_CERT") or None, env.get("GATEWAY_TLS_KEY") or None
    if bool(cert) != bool(key):
        raise SettingsError("GATEWAY_TLS_CERT and GATEWAY_TLS_KEY go together")
    return Settings(
        host=env.get("GATEWAY_HOST") or "127.0.0.1",
        port=_port(env.get("GATEWAY_PORT") or "8090"),
        codes=_codes(env.get("GATEWAY_CODES") or ""),
        store=_store(env.get("GATEWAY_STORE") or f"sqlite:///{data / 'gateway.db'}"),
        media=Path(env.get("GATEWAY_MEDIA_DIR") or data / "gateway-media"),
        tls_cert=cert,
        tls_key=key,
        trusted_proxies=_networks("GATEWAY_TRUSTED_PROXIES", env.get("GATEWAY_TRUSTED_PROXIES") or ""),
        ip_allow=_networks("GATEWAY_IP_ALLOW", env.get("GATEWAY_IP_ALLOW") or ""),
        methods=frozenset(filter(None, map(str.strip, env["GATEWAY_METHODS"].split(","))))
        if env.get("GATEWAY_METHODS")
        else None,
        limits=_limits(env.get("GATEWAY_LIMITS") or "{}"),
        rate_factor=_factor(env.get("GATEWAY_RATE_FACTOR") or "1"),
        strict=_flag("GATEWAY_STRICT", env.get("GATEWAY_STRICT") or "true"),
        max_bytes=_size("GATEWAY_MAX_BYTES", env.get("GATEWAY_MAX_BYTES") or "5242880"),
        max_media_bytes=_size("GATEWAY_MAX_MEDIA_BYTES", env.get("GATEWAY_MAX_MEDIA_BYTES") or "104857600"),
        max_text=_size("GATEWAY_MAX_TEXT", env.get("GATEWAY_MAX_TEXT") or "1000000"),
    )


def _codes(text: str) -> tuple[Code, ...]:
    codes = []
    for number, entry in enumerate(filter(None, map(str.strip, text.split(","))), start=1):
        parts = entry.split(":")
        if len(parts) not in (2, 3) or not parts[0] or not parts[1]:
            raise SettingsError(f"GATEWAY_CODES: entry {number} must be user:code or user:code:unix-seconds")
        try:
            expires = float(parts[2]) if len(parts) == 3 else None
        except ValueError:
            raise SettingsError(f"GATEWAY_CODES: the expiry of entry {number} must be Unix seconds") from None
        codes.append(Code(parts[0], parts[1], expires))
    if not codes:
        raise SettingsError("GATEWAY_CODES is not set: user:code[:unix seconds of expiry], comma-separated")
    return tuple(codes)


def _store(url: str) -> str:
    if not re.fullmatch(r"sqlite:///.+|postgres(ql)?://.+", url):
        raise SettingsError(
            "GATEWAY_STORE must have the form sqlite:///path or postgresql://user:password@host/database"
        )
    return url


def _networks(name: str, text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(one.strip(), strict=False) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from None


def _limits(text: str) -> dict[str, Limit]:
    """``{"import.users.batch": {"max_items": 10, "per_minute": 60}}`` overrides the contract's defaults."""
    try:
        limits = {
            method: Limit(int(one["max_items"]), int(one["per_minute"])) for method, one in json.loads(text).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise SettingsError("GATEWAY_LIMITS must be JSON: method → max_items and per_minute") from None
    if any(limit.max_items < 1 or limit.per_minute < 1 for limit in limits.values()):
        raise SettingsError("GATEWAY_LIMITS: sizes and rates must be above 0")
    return limits


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsError("GATEWAY_PORT must be a port number")
    return int(text)


def _size(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name} must be a whole number above 0")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("1", "true", "yes", "0", "false", "no"):
        raise SettingsError(f"{name} must be true or false")
    return text.lower() in ("1", "true", "yes")


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < math.inf:
        raise SettingsError("GATEWAY_RATE_FACTOR must be a number above 0")
    return factor
