"""`make serve`: the function app in the foreground, with what it needs around it on this machine."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lab.devhost.errors import StartError
from lab.devhost.serving import serve
from lab.devhost.settings import apply_local_settings
from lab.local_storage import StorageUnavailable, local_storage
from lab.processes import ROOT, port_is_free
from lab.stopping import ignore_further_signals, stop_when_asked
from lab.surroundings import STORAGE, Surroundings, Unusable, read_surroundings


def main() -> int:
    """Serve until a signal asks to stop. 0 after a clean stop, 2 when it cannot start."""
    stop_when_asked()
    try:
        apply_local_settings(ROOT)
        _serve(read_surroundings(ROOT))
    except (Unusable, StorageUnavailable, StartError, OSError) as error:
        print(f"make serve: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _serve(given: Surroundings) -> None:
    if not port_is_free(given.port):
        raise Unusable(f"port {given.port} is taken by another program; stop it, or set PORTAGE_PORT to a free port")
    os.environ["PORTAGE_FUNCTION_KEY"] = given.function_key or _kept_key(given.data_dir / "function-key")
    for name, meaning in given.missing.items():
        print(f"make serve: {name} is not set: {meaning}", file=sys.stderr)
    with ExitStack() as stack:
        if given.azurite_port is not None:
            storage = stack.enter_context(local_storage(given.data_dir, given.azurite_port))
            os.environ[STORAGE] = storage.connection_string
        stack.enter_context(_recorded(given.data_dir / "serve.json", given.port))
        _be_the_host(given.port)


@contextmanager
def _recorded(path: Path, port: int) -> Iterator[None]:
    """For whoever looks for the function app of this data directory: ``{"url", "pid"}``, for as long as it serves."""
    record = json.dumps({"url": f"http://127.0.0.1:{port}", "pid": os.getpid()})
    path.write_text(record, encoding="utf-8")
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            if path.read_text(encoding="utf-8") == record:  # and not another's that serves the same data
                path.unlink()


def _be_the_host(port: int) -> None:
    """Serve until a signal comes, in this very process: whoever kills it kills the host. Prints ``ready http://…``."""
    try:
        serve(ROOT, port=port)
    finally:
        ignore_further_signals()  # a second one must not cut the storage's last save short


def _kept_key(path: Path) -> str:
    """The key of an earlier start, or a new one that only its owner can read."""
    if path.exists() and (kept := path.read_text(encoding="ascii").strip()):
        return kept
    key = secrets.token_urlsafe(32)
    path.touch(mode=0o600)
    path.write_text(key, encoding="ascii")
    return key


if __name__ == "__main__":
    sys.exit(main())
