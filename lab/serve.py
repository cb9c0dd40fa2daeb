"""`make serve`: the function app in the foreground, with what it needs around it on this machine."""

import json
import os
import secrets
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from lab.devhost.errors import StartError
from lab.devhost.serving import serve
from lab.devhost.settings import apply_local_settings
from lab.local_storage import StorageUnavailable, local_storage
from lab.processes import ROOT, port_is_free

_STORAGE = "AzureWebJobsStorage"
_NEEDED = {
    "PORTAGE_BITRIX24_WEBHOOK_URLS": "the portal's webhook URL; without it no run can read anything",
    "PORTAGE_GATEWAY_URL": "the gateway's URL, …/webhook/{user}/{code}; without it no run can write anything",
}


class Unusable(Exception):
    """The settings do not allow a start; the message says which and why."""


def main() -> int:
    """Serve until SIGTERM or SIGINT. 0 after a clean stop, 2 when it cannot start."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        apply_local_settings(ROOT)
        _serve()
    except (Unusable, StorageUnavailable, StartError, OSError) as error:
        print(f"make serve: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _serve() -> None:
    data_dir = ROOT / _setting("PORTAGE_DATA_DIR", ".local")
    port = _port("PORTAGE_PORT", 7071)
    if not port_is_free(port):
        raise Unusable(f"port {port} is taken by another program; stop it, or set PORTAGE_PORT to a free port")
    data_dir.mkdir(parents=True, exist_ok=True)
    os.environ["PORTAGE_FUNCTION_KEY"] = _setting("PORTAGE_FUNCTION_KEY", "") or _kept_key(data_dir / "function-key")
    for name, meaning in _NEEDED.items():
        if not _setting(name, ""):
            print(f"make serve: {name} is not set: {meaning}", file=sys.stderr)
    with ExitStack() as stack:
        if not _setting(_STORAGE, ""):
            storage = stack.enter_context(local_storage(data_dir, _port("PORTAGE_AZURITE_PORT", 10_000)))
            os.environ[_STORAGE] = storage.connection_string
        served = {"url": f"http://127.0.0.1:{port}", "pid": os.getpid()}
        (data_dir / "serve.json").write_text(json.dumps(served), encoding="utf-8")
        _be_the_host(port)


def _be_the_host(port: int) -> None:
    """Serve until a signal comes, in this very process: whoever kills it kills the host. Prints ``ready http://…``."""
    try:
        serve(ROOT, port=port)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # a second one must not cut the storage's last save short


def _setting(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def _port(name: str, default: int) -> int:
    text = _setting(name, str(default))
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise Unusable(f"{name} must be a port number, 1 to 65535")
    return int(text)


def _kept_key(path: Path) -> str:
    """The key of an earlier start, or a new one that only its owner can read."""
    if path.exists() and (kept := path.read_text(encoding="ascii").strip()):
        return kept
    key = secrets.token_urlsafe(32)
    path.touch(mode=0o600)
    path.write_text(key, encoding="ascii")
    return key


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
