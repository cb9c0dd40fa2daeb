"""``python -m lab.simulators.bitrix24``: a simulated portal in the foreground."""

import argparse
import socket
import sys

import uvicorn

from lab.simulators.bitrix24.app import Portal, build
from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.faults import Faults
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World

_ALL_SCOPES = "user,department,sonet_group,log,task,im,crm,bizproc,disk"


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = _options()
    size = Size(options.users, options.departments, options.groups, options.ghost_owners, options.seed)
    callers = [_caller(text) for text in options.webhook or ["1:secret"]]
    portal = Portal(
        World.create(size),
        callers,
        rate=options.rate,
        burst=options.burst,
        page_ms=options.page_ms,
        faults=Faults(options.faults, options.fault_seed),
    )
    listener = socket.create_server(("127.0.0.1", options.port), backlog=256)
    config = uvicorn.Config(build(portal), log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    _Announcing(config, f"ready http://127.0.0.1:{listener.getsockname()[1]}").run(sockets=[listener])


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so on standard output."""
        await super().startup(sockets)
        sys.stdout.write(f"{self._line}\n")
        sys.stdout.flush()


def _caller(text: str) -> Caller:
    user, secret, *scopes = text.split(":")
    return Caller(int(user), secret, frozenset((scopes[0] if scopes else _ALL_SCOPES).split(",")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab.simulators.bitrix24", description="A simulated Bitrix24 portal.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--webhook", action="append", help="user:secret[:scope,scope]; may be repeated")
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--departments", type=int, default=20)
    parser.add_argument("--groups", type=int, default=25)
    parser.add_argument("--ghost-owners", type=int, default=0, help="groups whose owner nobody can read")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=2.0, help="requests per second; 0 = no limit")
    parser.add_argument("--burst", type=int, default=50)
    parser.add_argument("--page-ms", type=float, default=0.0, help="what one list page costs")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that go wrong")
    parser.add_argument("--fault-seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
