"""Whether single records are deleted: each is asked for by its id, and has to be missing for certain.

A portal answers "not there" and "not for you" in much the same way. So an answer counts only where the method tells
the two apart, or where the webhook is an administrator's, to whom everything is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.readers.attempts import Attempts, attempt
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.json import Json, as_list, as_map

_NOT_FOUND = "source.not_found"


@dataclass(frozen=True, slots=True)
class Question:
    """How a record is asked for by its id. ``empty`` says of an answer that it holds no record.

    ``refuses``: a record that is gone is refused as not found; one that is hidden is refused otherwise. ``to_all``:
    whoever may call the method is shown every record; else an empty answer counts from an administrator alone.
    """

    scopes: tuple[str, ...]
    command: Callable[[str], Command]
    empty: Callable[[Json], bool] = lambda answer: not as_list(answer)
    refuses: bool = False
    to_all: bool = False


@dataclass(slots=True)
class Asked:
    """Asks through the webhook that reads the records."""

    question: Question
    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=lambda: Pacing(MOST_COMMANDS))

    async def gone(self, source_ids: Sequence[str]) -> frozenset[str]:
        """Those that are deleted for certain."""
        question = self.question
        webhook = await self.webhooks.first(*question.scopes)
        keys = {f"g{number:05d}": one for number, one in enumerate(source_ids)}
        asked = await attempt(webhook, {key: question.command(one) for key, one in keys.items()}, self._pacing)
        return frozenset(_missing(question, webhook, keys, asked))


def _missing(question: Question, webhook: Webhook, keys: Mapping[str, str], asked: Attempts) -> list[str]:
    if question.refuses:
        return [one for key, one in keys.items() if key in asked.refused and _says_gone(asked, key)]
    if not question.to_all and webhook.admin is not True:
        return []
    return [one for key, one in keys.items() if key in asked.results and question.empty(asked.results[key])]


def _says_gone(asked: Attempts, key: str) -> bool:
    return asked.refused[key].reason.code == _NOT_FOUND


def without(wrapper: str) -> Callable[[Json], bool]:
    """``empty`` of an answer that holds its record, or records, under a name."""
    return lambda answer: not as_map(answer).get(wrapper)
