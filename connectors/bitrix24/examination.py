"""What ``portage doctor`` asks a portal: who the webhooks are, what they may, and whether every method answers."""

from collections.abc import Sequence

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.families import NEEDS
from connectors.bitrix24.readers.reader import Need
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import PortageError
from shared.model.json import as_map
from shared.ports.systems import Check

_TRIED_AT_ONCE = MOST_COMMANDS // 2


async def examine(portal: str, webhooks: Webhooks) -> list[Check]:
    """The portal's clock, each webhook's owner and scopes, and a trial of every method. Nothing is written."""
    try:
        known = await webhooks.known()
        answer = await known[0].transport.batch({"time": ("server.time", {})})
    except PortageError as error:
        return [Check(f"portal {portal}", False, error.message, error.reason.hint)]
    checks = [Check(f"portal {portal}", True, f"clock {answer.results.get('time')}")]
    for webhook in known:
        checks += [_owner(webhook), _scopes(webhook, known)]
    for need in NEEDS:
        if not any(webhook.may(*need.scopes) for webhook in known):
            tick = f"Tick {need.scopes[0]} in a webhook's form"
            checks.append(Check(need.method, False, f"no webhook has the scope {need.scopes[0]}", tick))
    return checks + await _trials([need for need in NEEDS if any(one.may(*need.scopes) for one in known)], webhooks)


def _owner(webhook: Webhook) -> Check:
    advice = None if webhook.admin else "Use a webhook of an administrator, or some records stay invisible"
    who = f"user {webhook.user} {webhook.name}".strip()
    return Check("webhook owner", webhook.admin, f"{who}, {'' if webhook.admin else 'not '}an administrator", advice)


def _scopes(webhook: Webhook, known: Sequence[Webhook]) -> Check:
    """Scopes that no webhook has are a finding of the methods that need them."""
    if webhook.scopes is None:
        return Check("webhook scopes", True, "the portal does not tell")
    lacking = sorted({need.scopes[0] for need in NEEDS if not any(one.may(*need.scopes) for one in known)})
    tick = f"Tick {', '.join(lacking)} in the webhook's form" if lacking else None
    return Check("webhook scopes", not lacking, ", ".join(sorted(webhook.scopes)) or "none", tick)


async def _trials(needs: Sequence[Need], webhooks: Webhooks) -> list[Check]:
    """Whether each method exists and is open, and whether those that can be tried answer."""
    by_webhook: dict[str, list[Need]] = {}
    for need in needs:
        by_webhook.setdefault((await webhooks.first(*need.scopes)).user, []).append(need)
    checks = []
    for mine in by_webhook.values():
        webhook = await webhooks.first(*mine[0].scopes)
        for start in range(0, len(mine), _TRIED_AT_ONCE):
            checks += await _tried(webhook, mine[start : start + _TRIED_AT_ONCE])
    return checks


async def _tried(webhook: Webhook, needs: Sequence[Need]) -> list[Check]:
    asked: dict[str, Command] = {}
    for need in needs:
        asked[f"known.{need.method}"] = ("method.get", {"name": need.method})
        if need.trial is not None:
            asked[f"tried.{need.method}"] = (need.method, need.trial)
    try:
        answer = await webhook.transport.batch(asked)
    except PortageError as error:
        return [Check(need.method, False, error.message, error.reason.hint) for need in needs]
    return [_verdict(need, answer) for need in needs]


def _verdict(need: Need, answer: BatchAnswer) -> Check:
    known = as_map(answer.results.get(f"known.{need.method}"))
    if known.get("isExisting") is False:
        return Check(
            need.method, False, "this portal has no such method", "What it would read will be missing from the copy"
        )
    if known.get("isAvailable") is False:
        return Check(need.method, False, "not open to this webhook", f"Tick {need.scopes[0]} in the webhook's form")
    if (error := answer.errors.get(f"tried.{need.method}")) is not None:
        return Check(need.method, False, error.message, error.reason.hint)
    return Check(need.method, True, "exists" if need.trial is None else "answers")
