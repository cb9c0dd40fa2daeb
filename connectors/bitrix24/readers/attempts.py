"""Commands that may be refused one by one, asked in batches until each is answered or refused for good."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.bitrix24.raw import archived
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import EntityStopped, RetryLater
from shared.model.json import Json


@dataclass(slots=True)
class Attempts:
    """``raw`` are the archived answers; by key, ``results`` and the errors of what was ``refused`` for good."""

    raw: list[bytes] = field(default_factory=list)
    results: dict[str, Json] = field(default_factory=dict)
    refused: dict[str, EntityStopped] = field(default_factory=dict)


async def attempt(webhook: Webhook, commands: Mapping[str, Command]) -> Attempts:
    """Ask for all ``commands``; those that stumble are asked for again as long as any of them come through.

    Raises what stumbles without end, and every error that is neither a refusal nor a stumble.
    """
    found = Attempts()
    waiting = dict(commands)
    while waiting:
        chosen = dict(list(waiting.items())[:MOST_COMMANDS])
        answer = await webhook.transport.batch(chosen)
        found.raw.append(archived(webhook.user, answer.raw))
        found.results |= answer.results
        stumbled = []
        for key in chosen:
            error = answer.errors.get(key)
            if isinstance(error, EntityStopped):
                found.refused[key] = error
            elif isinstance(error, RetryLater):
                stumbled.append(key)
            elif error is not None:
                raise error
        if len(stumbled) == len(chosen):
            raise answer.errors[stumbled[0]]
        waiting = {key: command for key, command in waiting.items() if key not in chosen or key in stumbled}
    return found
