"""Dead letters as the HTTP API tells them: page by page, and requeued."""

from dataclasses import asdict

from shared.engine.dead_letters.grouping import hint_of
from shared.engine.dead_letters.requeueing import Requeued, Selection
from shared.model.json import JsonObject
from shared.model.quoting import quoted
from shared.model.records import DeadLetter, LetterPlace
from shared.ports.stores import DeadLetters
from triggers.queries import invalid
from triggers.run_requests import RequeueBody


async def page(
    letters: DeadLetters, run_id: str | None, size: int, after: str | None
) -> tuple[list[DeadLetter], str | None]:
    """Up to ``size`` letters behind the place ``after``, and the place to go on from, or None at the end.

    A place stays good when letters come or go meanwhile. Raises Problem INVALID_REQUEST for one that is no place.
    """
    begin = None if after is None else _read(after, "after")
    found = await letters.page(run_id, after=begin, size=size + 1)
    return found[:size], _written(found[size - 1].place) if len(found) > size else None


def described(letter: DeadLetter) -> JsonObject:
    """One letter with its ``id``, by which it can be requeued, and the hint of its reason."""
    return {"id": _written(letter.place), **asdict(letter), "hint": hint_of(letter.reason)}


def selection(body: RequeueBody) -> Selection:
    """Which letters a request names. Raises Problem INVALID_REQUEST."""
    if (body.ids is None) == (body.cause is None and body.run_id is None):
        raise invalid("body", "expected ids; or cause, or run_id, or both of them")
    return Selection(tuple(_read(one, "ids") for one in body.ids or ()), body.cause, body.run_id)


def told(requeued: Requeued, url: str) -> JsonObject:
    """What a requeue comes to; ``url`` is that of the run of an id."""
    return {
        "requeued": requeued.letters,
        "waiting": requeued.waiting,
        "runs": list(requeued.runs),
        "status_url": url.format(requeued.runs[0]) if requeued.runs else None,
        "unknown": [_written(place) for place in requeued.unknown],
    }


def _written(place: LetterPlace) -> str:
    return "/".join(place)


def _read(text: str, field: str) -> LetterPlace:
    run_id, _, rest = text.partition("/")
    entity, _, source_id = rest.partition("/")
    if not (run_id and entity and source_id):
        raise invalid(field, f"{quoted(text)} is not the id of a dead letter")
    return run_id, entity, source_id
