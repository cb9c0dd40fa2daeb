"""Dead letters as the HTTP API tells them: page by page, and requeued."""

from collections.abc import Sequence
from dataclasses import asdict

from shared.engine.dead_letters.grouping import hint_of, place_of
from shared.engine.dead_letters.requeueing import Place, Requeued, Selection
from shared.model.idmap import row_key
from shared.model.json import JsonObject
from shared.model.quoting import quoted
from shared.model.records import DeadLetter
from triggers.queries import invalid
from triggers.run_requests import RequeueBody

_Place = tuple[str, str, str]


def page(letters: Sequence[DeadLetter], size: int, after: str | None) -> tuple[list[DeadLetter], str | None]:
    """Up to ``size`` letters behind the place ``after``, and the place to go on from, or None at the end.

    A place stays good when letters come or go meanwhile. Raises Problem INVALID_REQUEST for one that is no place.
    """
    ordered = sorted(letters, key=place_of)
    if after is not None:
        begin = _read_place(after)
        ordered = [letter for letter in ordered if place_of(letter) > begin]
    shown = ordered[:size]
    return shown, _written_place(shown[-1]) if len(ordered) > size else None


def described(letter: DeadLetter) -> JsonObject:
    """One letter with its ``id``, by which it can be requeued, and the hint of its reason."""
    return {"id": _written_place(letter), **asdict(letter), "hint": hint_of(letter.reason)}


def selection(body: RequeueBody) -> Selection:
    """Which letters a request names. Raises Problem INVALID_REQUEST."""
    if (body.ids is None) == (body.cause is None and body.run_id is None):
        raise invalid("body", "expected ids; or cause, or run_id, or both of them")
    return Selection(tuple(_named_place(one) for one in body.ids or ()), body.cause, body.run_id)


def told(requeued: Requeued, url: str) -> JsonObject:
    """What a requeue comes to; ``url`` is that of the run of an id."""
    return {
        "requeued": requeued.letters,
        "waiting": requeued.waiting,
        "runs": list(requeued.runs),
        "status_url": url.format(requeued.runs[0]) if requeued.runs else None,
        "unknown": ["/".join(place) for place in requeued.unknown],
    }


def _named_place(text: str) -> Place:
    run_id, _, rest = text.partition("/")
    entity, _, source_id = rest.partition("/")
    if not (run_id and entity and source_id):
        raise invalid("ids", f"{quoted(text)} is not the id of a dead letter")
    return run_id, entity, source_id


def _written_place(letter: DeadLetter) -> str:
    return f"{letter.run_id}/{letter.entity}/{letter.source_id}"


def _read_place(text: str) -> _Place:
    run_id, _, rest = text.partition("/")
    entity, _, source_id = rest.partition("/")
    if not (run_id and entity and source_id):
        raise invalid("after", "expected what an answer gave as next")
    return run_id, entity, row_key(source_id)
