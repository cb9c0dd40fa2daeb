"""A host in the foreground: the ready line, the signals, the clean stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from lab.devhost.host import DevHost
from lab.devhost.options import HostOptions
from lab.devhost.settings import apply_local_settings

# These libraries log every request with its full URL, which can be a secret.
_NOISY = ("azure", "httpx", "httpcore", "urllib3")


def serve(app_dir: Path, *, host: str = "127.0.0.1", port: int = 7071) -> None:
    """Serve the app until SIGTERM, SIGINT or SIGHUP; call it once, in the main thread.

    Prints one line `ready http://…` on stdout when requests are taken; logs go to stderr. Raises `StartError` when
    the app cannot be served, `OSError` when the port is taken.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    apply_local_settings(app_dir)
    asyncio.run(_serve(DevHost(app_dir, HostOptions.from_environment(host=host, port=port))))


async def _serve(devhost: DevHost) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup has it ignored
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await devhost.start()
        print(f"ready {devhost.origin}", flush=True)
        await stopping.wait()
    finally:
        await devhost.stop()
