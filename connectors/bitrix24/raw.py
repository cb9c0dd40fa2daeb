"""Raw answers as they are archived: the body as it came, with the user whose webhook got it around it.

Rows are made of these alone, so that they can be made again without the portal. What a page knew of its parents
beforehand is archived beside the answers as a note.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from connectors.bitrix24.dates import with_offsets
from connectors.bitrix24.signed_addresses import without_signatures
from shared.http.redaction import mask_secrets
from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_map

_NOTE = b'{"note":'
"""How a note begins. Answers are large, and are not decoded to look for one."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, decoded, and the user it was told to."""

    by: str
    answer: Json


def archived(by: str, body: bytes) -> bytes:
    """``{"by": "1", "answer": <body>}``; the body is kept byte by byte, but for secrets that addresses in it quote."""
    return b'{"by":' + orjson.dumps(by) + b',"answer":' + without_signatures(mask_secrets(body)) + b"}"


def note(facts: JsonObject) -> bytes:
    """``{"note": facts}``."""
    return orjson.dumps({"note": facts})


def told(raw: Sequence[bytes]) -> list[Told]:
    """The answers among ``raw``, in call order."""
    answers = map(_read, (body for body in raw if not body.startswith(_NOTE)))
    return [Told(str(one["by"]), one["answer"]) for one in answers if "answer" in one]


def noted(raw: Sequence[bytes]) -> JsonObject:
    """All notes among ``raw``, merged."""
    facts: JsonObject = {}
    for body in raw:
        if body.startswith(_NOTE):
            facts |= as_map(orjson.loads(body)["note"])
    return facts


def _read(body: bytes) -> JsonObject:
    """Raises RetryLater for what was never ours."""
    one = orjson.loads(with_offsets(body))
    if not isinstance(one, dict):
        raise RetryLater("source.unexpected_answer", "an archived answer without its frame")
    return one
