"""Calls per record, many to a batch: members of groups, checklists of tasks."""

from collections.abc import Sequence

from connectors.bitrix24.batch import batch_results
from connectors.bitrix24.listing import Details
from connectors.bitrix24.raw import Told, archived
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import EntityStopped, PortageError, RetryLater
from shared.model.json import Json, JsonObject

_MARK = "d"


def detail_key(number: int, source_id: str) -> str:
    """Key of the call for a record's ``number``-th kind of details."""
    return f"{_MARK}{number}_{source_id}"


async def fetch_details(webhook: Webhook, kinds: Sequence[Details], ids: Sequence[str]) -> list[bytes]:
    """The raw answers for all ``kinds`` of all ``ids``; nothing is answered for a record that is gone or out of sight.

    Calls that stumble are made again, without the others, as long as any come through; then their error is raised.
    """
    waiting: dict[str, Command] = {
        detail_key(number, one): (kind.method, kind.parameters(one)) for one in ids for number, kind in enumerate(kinds)
    }
    raw = []
    while waiting:
        chosen = dict(list(waiting.items())[:MOST_COMMANDS])
        answer = await webhook.transport.batch(chosen)
        raw.append(archived(webhook.user, answer.raw))
        errors = {key: answer.errors[key] for key in chosen if key in answer.errors}
        stumbled = [key for key, error in errors.items() if isinstance(error, RetryLater)]
        for key, error in errors.items():
            if not is_gone(error) and (key not in stumbled or len(stumbled) == len(chosen)):
                raise error
        waiting = {key: command for key, command in waiting.items() if key not in chosen or key in stumbled}
    return raw


def with_details(kinds: Sequence[Details], answers: Sequence[Told], rows: dict[str, JsonObject]) -> None:
    """Give every row (by its id in the source) the fields that ``kinds`` name."""
    results: dict[str, Json] = {}
    for one in answers:
        results |= {key: result for key, result in batch_results(one.answer).items() if key.startswith(_MARK)}
    for source_id, row in rows.items():
        for number, kind in enumerate(kinds):
            row[kind.name] = kind.read(results.get(detail_key(number, source_id)))


def is_gone(error: PortageError) -> bool:
    """The record vanished between the list and this call, or is not visible."""
    return isinstance(error, EntityStopped) and error.reason.code == "source.refused"
