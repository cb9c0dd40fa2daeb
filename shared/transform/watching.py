"""Watching a transformation: whoever wants to know how a record comes about is told of each field as it is made."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.model.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Made:
    """One canonical field. ``before`` are the source fields that its rule names, ``after`` what was made of them.

    References are not resolved yet. ``by`` names the step, maker or entity that is referred to. ``flaws`` were noted on
    the way; ``refused`` is why the record cannot go in, which ends the transformation.
    """

    field: str
    by: str
    before: JsonObject
    after: Json
    flaws: tuple[str, ...] = ()
    refused: str | None = None


Watch = Callable[[Made], None]
