"""Where the API is and which key opens it: options first, then the environment, then what ``make serve`` left."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import typer

from shared.model.json import as_map

_ROOT = Path(__file__).resolve().parent.parent
_DEFAULT_PORT = "7071"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from, in words. The value stays out of the repr: it may be the key."""

    value: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Connection:
    """Base URL without a trailing slash, the function key if one was found, and the token of a person who signed in."""

    url: Setting
    key: Setting | None
    token: Setting | None = None


def find_connection(url: str | None, key_file: Path | None) -> Connection:
    """Resolve the two options ``--url`` and ``--key-file``. Raises typer.BadParameter when a value is unusable."""
    found = _find_url(url)
    return Connection(Setting(_base_url(found), found.source), _find_key(key_file), _find_token())


def data_dir() -> Path:
    """The folder that ``make serve`` writes to; a relative one is relative to the checkout, as it is for make."""
    return _ROOT / (_environment("PORTAGE_DATA_DIR") or ".local")


def _environment(name: str) -> str:
    """A setting; empty when it is unset or blank."""
    return os.environ.get(name, "").strip()


def _find_url(option: str | None) -> Setting:
    if option:
        return Setting(option, "--url")
    if url := _environment("PORTAGE_URL"):
        return Setting(url, "PORTAGE_URL")
    if port := _environment("PORTAGE_PORT"):
        return Setting(f"http://127.0.0.1:{port}", "PORTAGE_PORT")
    if served := _served_url():
        return Setting(served, "serve.json in the data dir")
    return Setting(f"http://127.0.0.1:{_DEFAULT_PORT}", "default")


def _served_url() -> str | None:
    try:
        served = json.loads((data_dir() / "serve.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    url = as_map(served).get("url")
    return url if isinstance(url, str) else None


def _base_url(found: Setting) -> str:
    expected = "expected http(s)://host[:port][/path]"
    try:
        parts = urlsplit(found.value)
        # The HTTP client's own checks come too late, and as other errors.
        host = (parts.hostname or "").encode("idna")
        usable = parts.scheme in ("http", "https") and bool(host) and parts.port != 0 and found.value.isprintable()
    except ValueError:
        usable = False
    if not usable:
        raise typer.BadParameter(expected, param_hint=found.source)
    if parts.query or parts.username or parts.password:
        # Not echoed: whoever pastes ?code=… has pasted the key.
        raise typer.BadParameter(f"{expected} and no key in it; see --key-file", param_hint=found.source)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api')}"


def _find_key(option: Path | None) -> Setting | None:
    if option:
        try:
            return _usable_key(option.read_bytes(), "--key-file")
        except OSError as error:
            raise typer.BadParameter(f"cannot be read: {error.strerror}", param_hint="--key-file") from None
    if key := _environment("PORTAGE_FUNCTION_KEY"):
        return _usable_key(key.encode(errors="surrogateescape"), "PORTAGE_FUNCTION_KEY")
    try:
        return _usable_key((data_dir() / "function-key").read_bytes(), "function-key in the data dir")
    except OSError:
        return None


def _find_token() -> Setting | None:
    token = _environment("PORTAGE_ACCESS_TOKEN")
    return _usable_key(token.encode(errors="surrogateescape"), "PORTAGE_ACCESS_TOKEN") if token else None


def _usable_key(content: bytes, source: str) -> Setting:
    key = content.decode("ascii", errors="replace").strip()
    # Checked here because the HTTP client would quote a header value that it cannot send.
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise typer.BadParameter("does not hold one line of printable ASCII", param_hint=source)
    return Setting(key, source)
