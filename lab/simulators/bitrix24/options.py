"""The command line of a simulated portal."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields

from lab.simulators.bitrix24.calls import Caller
from lab.simulators.bitrix24.faults import PASSING, Faults, read_kinds
from lab.simulators.bitrix24.limits import WINDOW
from lab.simulators.bitrix24.people.data import Size

THROTTLE_STATUSES = (503, 429, 200)
_ALL_SCOPES = (
    "user,user.userfield,department,sonet_group,socialnetwork,log,task,im,crm,bizproc,disk,userfieldconfig,lists"
)
_WEBHOOK = "a webhook is user:secret[:scope,scope[:noadmin]]; no scopes: all of them"


@dataclass(frozen=True, slots=True)
class Options:
    """What a portal is made of. Times are in the units of their names; 0 switches a limit off."""

    port: int
    webhooks: tuple[Caller, ...]
    size: Size
    rate: float
    burst: int
    throttle_status: int
    operating_limit: float
    operating_window: float
    page_ms: float
    operating_ms: float
    timeout: float
    mutate: float
    url_ttl: float
    pictures: bool
    faults: Faults
    box: bool
    public_url: str | None


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line. What is wrong with it is said on standard error, and the exit code is 2."""
    given = _parser().parse_args(arguments)
    operating_ms = given.page_ms if given.operating_ms is None else given.operating_ms
    rate, operating_limit = (0.0, 0.0) if given.box else (given.rate, given.operating_limit)
    return Options(
        port=given.port,
        webhooks=tuple(given.webhook or [_caller("1:secret")]),
        size=Size(**{one.name: getattr(given, one.name) for one in fields(Size)}),
        rate=rate,
        burst=given.burst,
        throttle_status=given.throttle_status,
        operating_limit=operating_limit,
        operating_window=given.operating_window,
        page_ms=given.page_ms,
        operating_ms=operating_ms,
        timeout=given.timeout,
        mutate=given.mutate,
        url_ttl=given.url_ttl,
        pictures=given.pictures,
        faults=Faults(given.faults, given.fault_seed, given.fault_kinds, given.slow_ms),
        box=given.box,
        public_url=given.public_url,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab.simulators.bitrix24", description="A simulated Bitrix24 portal.", allow_abbrev=False
    )
    parser.add_argument("--port", type=_port, default=0, help="0 = a free one; printed when it is ready")
    parser.add_argument("--public-url", help="how it names itself in answers; default: the address it listens on")
    parser.add_argument("--webhook", type=_caller, action="append", help=f"may be repeated; {_WEBHOOK}")
    records = parser.add_argument_group("records")
    records.add_argument("--users", type=_users, default=300)
    records.add_argument("--departments", type=_count, default=20)
    records.add_argument("--groups", type=_count, default=25)
    records.add_argument("--ghost-owners", type=_count, default=0, help="groups whose owner nobody can read")
    for name in ("tasks", "posts", "chats", "messages", "workflows"):
        records.add_argument(f"--{name}", type=_count, default=0)
    for name in ("deals", "contacts", "companies", "smart-types", "smart-items"):
        records.add_argument(f"--{name}", type=_count, default=0)
    records.add_argument("--seed", type=int, default=7)
    records.add_argument("--mutate", type=_amount, default=0.0, help="changes of records per second")
    records.add_argument("--url-ttl", type=_amount, default=60.0, help="seconds that a signed address is good for")
    records.add_argument("--pictures", action="store_true", help="serve the pictures of people, groups and chats, too")
    limits = parser.add_argument_group("limits")
    limits.add_argument("--box", action="store_true", help="a self-hosted portal: no limits, and no account of time")
    limits.add_argument("--rate", type=_amount, default=2.0, help="requests per second; 0 = no limit")
    limits.add_argument("--burst", type=_count, default=50)
    limits.add_argument("--throttle-status", type=int, choices=THROTTLE_STATUSES, default=503)
    limits.add_argument("--operating-limit", type=_amount, default=480.0, help="seconds per method; 0 = no limit")
    limits.add_argument("--operating-window", type=_amount, default=WINDOW, help="seconds that are summed up")
    limits.add_argument("--page-ms", type=_amount, default=0.0, help="how long one list page takes")
    limits.add_argument("--operating-ms", type=_amount, help="what one list page books; default: --page-ms")
    limits.add_argument("--timeout", type=_amount, default=60.0, help="seconds until a request is cut off; 0 = never")
    faults = parser.add_argument_group("faults")
    faults.add_argument("--faults", type=_share, default=0.0, help="share of requests that go wrong")
    faults.add_argument("--fault-kinds", type=_kinds, default=PASSING, help="kind,kind or all; default: what passes")
    faults.add_argument("--fault-seed", type=int, default=1)
    faults.add_argument("--slow-ms", type=_amount, default=1_000.0, help="how long a slow answer is held back")
    return parser


def _caller(text: str) -> Caller:
    user, _, rest = text.partition(":")
    secret, _, rest = rest.partition(":")
    scopes, _, flag = rest.partition(":")
    if not user.isdecimal() or not secret or flag not in ("", "noadmin"):
        raise argparse.ArgumentTypeError(_WEBHOOK)
    return Caller(int(user), secret, frozenset((scopes or _ALL_SCOPES).split(",")), admin=not flag)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("a port is a number up to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return int(text)


def _users(text: str) -> int:
    if not _count(text):
        raise argparse.ArgumentTypeError("somebody has to own the webhook")
    return int(text)


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise argparse.ArgumentTypeError("must be a number, 0 or more")
    return amount


def _share(text: str) -> float:
    share = _amount(text)
    if share > 1:
        raise argparse.ArgumentTypeError("a share is a number from 0 to 1")
    return share


def _kinds(text: str) -> tuple[str, ...]:
    try:
        return read_kinds(text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
