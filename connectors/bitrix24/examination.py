"""What stands in the way of reading a portal: who the webhooks are, what they may, and whether every method answers."""

import asyncio
from collections.abc import Sequence

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.families import NEEDS
from connectors.bitrix24.readers.reader import Need
from connectors.bitrix24.surveying.callers import introductions, owner_of, refusals
from connectors.bitrix24.surveying.patience import asked_twice
from connectors.bitrix24.surveying.premises import premises
from connectors.bitrix24.surveying.uses import helped_by, losses, needing
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, PortageError, RunStopped
from shared.model.json import as_map
from shared.ports.systems import Check, Severity

_TRIED_AT_ONCE = MOST_COMMANDS // 2


async def examine(portal: str, webhooks: Webhooks, rate: float | None) -> list[Check]:
    """The portal's clock and kind, each webhook's owner and scopes, and a trial of every method. Nothing is written.

    ``rate`` is how many requests per second are made of it; None when nobody knows.
    """
    try:
        known = await webhooks.known()
    except PortageError as error:
        return await refusals(portal, webhooks.transports, error)
    open_needs = [need for need in NEEDS if any(one.may(*need.scopes) for one in known)]
    groups = await asyncio.gather(premises(portal, known[0], rate), _trials(open_needs, webhooks))
    return [*groups[0], *introductions(known), *_lacking(known), *groups[1]]


def _lacking(known: Sequence[Webhook]) -> list[Check]:
    """One check for each scope that no webhook has."""
    lacking: dict[str, list[Need]] = {}
    for need in NEEDS:
        if not any(webhook.may(*need.scopes) for webhook in known):
            lacking.setdefault(need.scopes[0], []).append(need)
    return [_lack(scope, needs, known[0]) for scope, needs in lacking.items()]


def _lack(scope: str, needs: Sequence[Need], webhook: Webhook) -> Check:
    unread, poorer = needing(*needs), helped_by(*needs)
    methods = f"{', '.join(need.method for need in needs)} need{'s' if len(needs) == 1 else ''}"
    return Check(
        f"scope {scope}",
        False,
        f"no webhook has the scope {scope}, which {methods}{_loss(*needs)}",
        f"Tick {scope} in the form of the webhook of {owner_of(webhook)}{_or_leave_out(unread)}",
        "source.scope_missing",
        Severity.BLOCKER if unread else Severity.WARNING,
        tuple(dict.fromkeys((*unread, *poorer))),
    )


async def _trials(needs: Sequence[Need], webhooks: Webhooks) -> list[Check]:
    """Whether each method exists and is open, and whether those that can be tried answer."""
    chosen = [(need, await webhooks.first(*need.scopes)) for need in needs]
    tried = []
    for webhook in await webhooks.known():
        mine = [need for need, one in chosen if one is webhook]
        tried += [_tried(webhook, mine[at : at + _TRIED_AT_ONCE]) for at in range(0, len(mine), _TRIED_AT_ONCE)]
    return [check for checks in await asyncio.gather(*tried) for check in checks]


async def _tried(webhook: Webhook, needs: Sequence[Need]) -> list[Check]:
    asked: dict[str, Command] = {}
    for need in needs:
        asked[f"known.{need.method}"] = ("method.get", {"name": need.method})
        if need.trial is not None:
            asked[f"tried.{need.method}"] = (need.method, need.trial)
    try:
        answer = await asked_twice(lambda: webhook.transport.batch(asked))
    except PortageError as error:
        return [_untried(webhook, needs, error)]
    return [_verdict(need, answer, webhook) for need in needs]


def _untried(webhook: Webhook, needs: Sequence[Need], error: PortageError) -> Check:
    """One check in place of one for each method."""
    severity = Severity.BLOCKER if isinstance(error, RunStopped) else Severity.WARNING
    detail = f"could not be asked: {error.message}; {', '.join(need.method for need in needs)}"
    concerned = tuple(dict.fromkeys((*needing(*needs), *helped_by(*needs))))
    name = f"methods tried as user {webhook.user}"
    return Check(name, False, detail, error.reason.hint, error.reason.code, severity, concerned)


def _verdict(need: Need, answer: BatchAnswer, webhook: Webhook) -> Check:
    unread, poorer = needing(need), helped_by(need)
    concerned = tuple(dict.fromkeys((*unread, *poorer)))
    known = as_map(answer.results.get(f"known.{need.method}"))
    if known.get("isExisting") is False:
        return _missing(need)
    if known.get("isAvailable") is False:
        return Check(
            need.method,
            False,
            f"not open to the webhook of {owner_of(webhook)}{_loss(need)}",
            f"Tick {need.scopes[0]} in the form of this webhook{_or_leave_out(unread)}",
            "source.method_closed",
            Severity.BLOCKER if unread else Severity.WARNING,
            concerned,
        )
    if (error := answer.errors.get(f"tried.{need.method}")) is not None:
        return _failed(need, error)
    return Check(need.method, True, "exists" if need.trial is None else "answers")


def _missing(need: Need) -> Check:
    """A run goes on without what needs it."""
    return Check(
        need.method,
        False,
        f"this portal has no such method{_loss(need)}",
        f"Update the portal or install the module, if it is self-hosted{_or_leave_out(needing(need))}",
        "source.method_missing",
        Severity.WARNING,
        tuple(dict.fromkeys((*needing(need), *helped_by(need)))),
    )


def _failed(need: Need, error: PortageError) -> Check:
    """A refusal is final; whatever else went wrong may pass, and says nothing of the method."""
    if error.reason.code == "source.method_missing":
        return _missing(need)
    unread, poorer = needing(need), helped_by(need)
    concerned = tuple(dict.fromkeys((*unread, *poorer)))
    if isinstance(error, EntityStopped):
        severity = Severity.BLOCKER if unread else Severity.WARNING
        detail = f"{error.message.rstrip(': ')}{_loss(need)}"
        return Check(need.method, False, detail, error.reason.hint, error.reason.code, severity, concerned)
    detail = f"could not be asked: {error.message}"
    return Check(need.method, False, detail, error.reason.hint, error.reason.code, Severity.WARNING, concerned)


def _loss(*needs: Need) -> str:
    unread, poorer, words = needing(*needs), helped_by(*needs), losses(*needs)
    lost = [f"{', '.join(unread)} cannot be read"] if unread else []
    lost += [f"{', '.join(poorer)} will lack {', '.join(words) or 'something'}"] if poorer else []
    return f": {'; '.join(lost)}" if lost else ""


def _or_leave_out(unread: Sequence[str]) -> str:
    return f", or leave out {', '.join(unread)}" if unread else ", or do without"
