"""Calls per record, many to a batch: members of groups, checklists of tasks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from connectors.bitrix24.batch import batch_errors, batch_results
from connectors.bitrix24.listing import Details
from connectors.bitrix24.raw import Told, note
from connectors.bitrix24.readers.attempts import Attempts, attempt
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import EntityStopped, PortageError
from shared.model.json import Json, JsonObject, as_list

_MARK = "d"
UNREAD = "unread"
"""Field of a row: the names of its details that were refused."""


def detail_key(number: int, source_id: str) -> str:
    """Key of the call for a record's ``number``-th kind of details."""
    return f"{_MARK}{number}_{source_id}"


async def fetch_details(
    webhook: Webhook,
    kinds: Sequence[Details],
    ids: Sequence[str],
    pacing: Pacing | None = None,
    *,
    parts: bool = False,
) -> Attempts:
    """Ask for all ``kinds`` of all ``ids``. Records are worth having without them: no refusal of any sort is raised.

    Raises what stumbles without end. See ``attempt`` for ``pacing`` and ``parts``.
    """
    return await attempt(
        webhook,
        {
            detail_key(number, one): (kind.method, kind.parameters(one))
            for one in ids
            for number, kind in enumerate(kinds)
        },
        pacing,
        parts=parts,
    )


def detailed(kinds: Sequence[Details], ids: Sequence[str], asked: Attempts) -> int:
    """Of how many ``ids``, from the first, all details were answered or refused."""
    over = asked.results.keys() | asked.refused.keys()
    whole = (all(detail_key(number, one) in over for number in range(len(kinds))) for one in ids)
    return sum(takewhile(bool, whole))


def why_unread(kinds: Sequence[Details], refused: Mapping[str, EntityStopped]) -> list[bytes]:
    """One note for a page, or none: by name of the details and reason, how the portal put it first.

    ``{"why_unread": {"checklist": {"source.method_missing": "task.checklistitem.getlist: …"}}}``
    """
    told: dict[str, Json] = {}
    for number, kind in enumerate(kinds):
        errors = [error for key, error in refused.items() if key.startswith(detail_key(number, ""))]
        if errors:
            told[kind.name] = {error.reason.code: error.message for error in reversed(errors)}
    return [note({"why_unread": told})] if told else []


def with_details(kinds: Sequence[Details], answers: Sequence[Told], rows: dict[str, JsonObject]) -> None:
    """Give every row (by its id in the source) the fields that ``kinds`` name.

    One whose details were refused says so, since an empty field would pass for the truth: ``"unread": ["members"]``.
    """
    results: dict[str, Json] = {}
    refused: set[str] = set()
    for one in answers:
        results |= {key: result for key, result in batch_results(one.answer).items() if key.startswith(_MARK)}
        refused |= batch_errors(one.answer)
    refused.difference_update(results)
    for source_id, row in rows.items():
        for number, kind in enumerate(kinds):
            row[kind.name] = kind.read(results.get(detail_key(number, source_id)))
        unread = [kind.name for number, kind in enumerate(kinds) if detail_key(number, source_id) in refused]
        if unread:
            row[UNREAD] = unread


def unread_details(kinds: Sequence[Details], rows: Iterable[JsonObject]) -> dict[str, int]:
    """``{"members_unread": 2}``: of how many rows each kind of details was refused."""
    unread = Counter(name for row in rows for name in as_list(row.get(UNREAD)))
    return {f"{kind.name}_unread": unread[kind.name] for kind in kinds}


def is_gone(error: PortageError) -> bool:
    """The record vanished between the list and this call, or is not visible; codes nobody knows are taken for that."""
    return isinstance(error, EntityStopped) and error.reason.code in ("source.not_found", "source.refused")
