"""What kind of portal it is, by which clock, and how fast it may be asked (API facts §2.1, §2.5)."""

import time

from connectors.bitrix24.readers.windows import instant
from connectors.bitrix24.transport import Command
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import PortageError
from shared.model.json import as_map
from shared.ports.systems import Check, Severity

_MOST_SKEW = 300
"""Seconds."""

_CLOCK, _APP = "server.time", "app.info"
_PLAIN_RATE, _ENTERPRISE_RATE = 2, 5
_ENTERPRISE = "ent"
_BOX = "_selfhosted"


async def premises(portal: str, webhook: Webhook, rate: float | None) -> list[Check]:
    """Clock, kind of portal, and rate. Which plan it has is told to applications only, so it may stay unknown."""
    asked: dict[str, Command] = {"time": (_CLOCK, {}), "app": (_APP, {})}
    try:
        answer = await webhook.transport.batch(asked)
    except PortageError as error:
        fix = error.reason.hint
        return [Check(f"portal {portal}", False, f"could not be asked: {error.message}", fix, error.reason.code)]
    app = as_map(answer.results.get("app"))
    licence = str(app.get("LICENSE") or "")
    box = licence.endswith(_BOX) if licence else not answer.operating
    kind = _kind(licence, box=box)
    return [_clock(portal, answer.results.get("time")), kind, *_rate(app, rate, box=box)]


def _clock(portal: str, told: object) -> Check:
    moment = instant(told)
    if moment is None:
        return Check(
            f"portal {portal}",
            False,
            "could not be asked: the portal does not tell its time",
            "Compare its clock with this machine's",
            "source.clock_unknown",
            Severity.WARNING,
        )
    skew = moment - time.time()
    if abs(skew) <= _MOST_SKEW:
        return Check(f"portal {portal}", True, f"clock {told}")
    return Check(
        f"portal {portal}",
        False,
        f"its clock says {told}: {abs(skew) / 60:.0f} minutes {'ahead of' if skew > 0 else 'behind'} this machine's",
        "Set the clock of this machine (NTP); a signed address or a date window may be over before it is used",
        "source.clock_skew",
        Severity.WARNING,
    )


def _kind(licence: str, *, box: bool) -> Check:
    if licence:
        detail = f"{'self-hosted' if box else 'cloud'}, licence {licence}"
    elif box:
        detail = "answers keep no account of time, as on a self-hosted portal"
    else:
        detail = "cloud; its plan is told to applications only, not to webhooks"
    return Check("portal kind", True, detail, None, "source.portal_kind", Severity.INFO)


def _rate(app: dict[str, object], rate: float | None, *, box: bool) -> list[Check]:
    """Whether the rate that is set is the plan's."""
    enterprise = app.get("LICENSE_FAMILY") == _ENTERPRISE
    if rate is None or (not box and rate == (_ENTERPRISE_RATE if enterprise else _PLAIN_RATE)):
        return []
    shown = f"{rate:g} per second are set" if rate else "no limit is set"
    if box:
        detail, fix = f"{shown}; a self-hosted portal has no limit", "Ask its administrator what it can bear"
    elif enterprise:
        detail = f"{shown}; the Enterprise plan allows {_ENTERPRISE_RATE}"
        fix = f"Set PORTAGE_SOURCE_RATE={_ENTERPRISE_RATE} and PORTAGE_SOURCE_BURST=200"
    else:
        detail = f"{shown}; cloud portals allow {_PLAIN_RATE}, with the Enterprise plan {_ENTERPRISE_RATE}"
        fix = "Set PORTAGE_SOURCE_RATE to what the plan allows"
    return [Check("portal rate", True, detail, fix, "source.rate", Severity.INFO)]
