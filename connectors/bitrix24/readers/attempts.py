"""Commands that may fail one by one, asked in batches until each is answered or refused for good."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.bitrix24.raw import archived
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import EntityStopped, PortageError, RetryLater, SlowDown
from shared.model.json import Json


@dataclass(slots=True)
class Attempts:
    """``raw`` are the archived answers; by key, ``results`` and the errors of what was ``refused`` for good.

    ``pause`` is what the portal asked for before all were answered, where that is not raised.
    """

    raw: list[bytes] = field(default_factory=list)
    results: dict[str, Json] = field(default_factory=dict)
    refused: dict[str, EntityStopped] = field(default_factory=dict)
    pause: SlowDown | None = None


async def attempt(
    webhook: Webhook, commands: Mapping[str, Command], pacing: Pacing | None = None, *, parts: bool = False
) -> Attempts:
    """Ask for all ``commands``; those that stumble are asked for again as long as any of them come through.

    ``pacing`` says how many go into a batch, and learns from it; full ones without. Raises what stumbles without end,
    and every error that is neither a refusal nor a stumble. With ``parts``, what came before a pause is kept.
    """
    pace = pacing or Pacing(MOST_COMMANDS)
    found = Attempts()
    waiting = dict(commands)
    while waiting:
        chosen = dict(list(waiting.items())[: pace.most])
        try:
            answer = await pace.batch(webhook, chosen, least=1)
        except SlowDown as pause:
            if not (parts and found.results):
                raise
            found.pause = pause
            break
        found.raw.append(archived(webhook.user, answer.raw))
        found.results |= answer.results
        stumbles: list[PortageError] = []
        for key, error in answer.errors.items():
            if isinstance(error, EntityStopped):
                found.refused[key] = error
            elif isinstance(error, RetryLater | SlowDown):
                stumbles.append(error)
            else:
                raise error
        if len(stumbles) == len(answer.errors) and not answer.results:
            if not (parts and found.results and isinstance(stumbles[0], SlowDown)):
                raise stumbles[0]
            found.pause = stumbles[0]
            break
        waiting = {key: one for key, one in waiting.items() if key not in found.results and key not in found.refused}
    return found
