"""Who the webhooks are, and what that means for the copy."""

import asyncio
from collections.abc import Sequence

from connectors.bitrix24.families.dialogs import SCOPE as CHATS
from connectors.bitrix24.families.feed_audience import SCOPES as FEED
from connectors.bitrix24.transport import Transport
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import EntityStopped, PortageError
from shared.ports.systems import Check, Severity

_SEEN_BY_EACH = ("dialog", "chat", "chat_message", "feed_audience", "feed_post", "feed_comment", "task_comment")


def owner_of(webhook: Webhook) -> str:
    """``user 7 (Anna Berg)``."""
    return f"user {webhook.user}{f' ({webhook.name})' if webhook.name else ''}"


async def refusals(portal: str, transports: Sequence[Transport], found: PortageError) -> list[Check]:
    """Which webhooks the portal does not take, when ``found`` came of asking them all."""
    tried = await asyncio.gather(*(_error(transport) for transport in transports))
    failed = [(transport, error) for transport, error in zip(transports, tried, strict=True) if error is not None]
    if len(failed) in (0, len(transports)):
        return [_refused(f"portal {portal}", failed[0][1] if failed else found)]
    return [_refused(f"webhook of user {transport.access.user}", error) for transport, error in failed]


async def _error(transport: Transport) -> PortageError | None:
    try:
        await transport.call("profile", {})
    except EntityStopped:
        return None
    except PortageError as error:
        return error
    return None


def _refused(name: str, error: PortageError) -> Check:
    return Check(name, False, f"could not be asked: {error.message}", error.reason.hint, error.reason.code)


def introductions(known: Sequence[Webhook]) -> list[Check]:
    """One check for the owner of each webhook and one for its scopes; and whose eyes the copy is made with."""
    checks = []
    for webhook in known:
        checks += [_owner(webhook, known), _scopes(webhook)]
    return [*checks, *_coverage(known)]


def _owner(webhook: Webhook, known: Sequence[Webhook]) -> Check:
    if webhook.admin:
        return Check("webhook owner", True, f"{owner_of(webhook)}, an administrator")
    detail = f"{owner_of(webhook)}, {'not an administrator' if webhook.admin is False else 'of unknown rights'}"
    if webhook.scopes is not None and all(
        any(one.admin and one.may(scope) for one in known) for scope in webhook.scopes
    ):
        return Check("webhook owner", True, f"{detail}; adds what this user sees")
    return Check(
        "webhook owner",
        False,
        f"{detail}: hidden groups, workflow templates, and whatever else this user may not see will be missing",
        "Use a webhook of an administrator, or give one beside this",
        "source.not_administrator",
        Severity.WARNING,
    )


def _scopes(webhook: Webhook) -> Check:
    """Scopes that no webhook has are a finding of the methods that need them."""
    told = "the portal does not tell" if webhook.scopes is None else ", ".join(sorted(webhook.scopes))
    return Check("webhook scopes", True, f"user {webhook.user}: {told}")


def _coverage(known: Sequence[Webhook]) -> list[Check]:
    users = {webhook.user: owner_of(webhook) for webhook in known if webhook.may(CHATS, *FEED)}
    if not users:
        return []
    return [
        Check(
            "coverage",
            True,
            f"chats, posts and comments come as these users see them: {', '.join(users.values())}",
            "Add a webhook of every user whose chats, posts and comments shall come along",
            "source.coverage",
            Severity.INFO,
            _SEEN_BY_EACH,
        )
    ]
