"""Custom fields of tasks and CRM records (API facts §5.4): each kind of value in its own way.

Which of them travel is the operator's choice. A field that travelled with one record has to be right in all of them.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lab.proof.bindings import bound
from lab.proof.record import NOBODY, Proof, day, utc
from lab.proof.sides import Json

_CLASSIC = {2: "CRM_DEAL", 3: "CRM_CONTACT", 4: "CRM_COMPANY"}
_SHOWN_PARTS_OF_AN_ADDRESS = 2  # text and coordinates; the third is the portal's own number


class CustomFields:
    """What the custom fields of one CRM row must be."""

    def __init__(self, proof: Proof, row: Json) -> None:
        self._proof = proof
        self._row = row
        self._one: Mapping[str, Callable[[Json, Any], Any]] = {
            "string": lambda _, given: str(given).strip() or None,
            "boolean": lambda _, given: given in ("Y", "1", 1, True),
            "date": lambda _, given: day(given),
            "datetime": lambda _, given: utc(given),
            "money": lambda _, given: dict(zip(("amount", "currency"), str(given).split("|"), strict=True)),
            "address": lambda _, given: "|".join(str(given).split("|")[:_SHOWN_PARTS_OF_AN_ADDRESS]),
            "employee": lambda _, given: proof.resolve("user", given),
            "enumeration": self._text_of,
            "crm": self._record,
        }

    def wrong(self, code: str, value: Any) -> str | None:
        """What is wrong with a value in the gateway; None when it is what the portal has."""
        defined = self._definition(code)
        if (defined is None or code not in self._row) and value not in (None, []):
            return f"the portal has no such field, found {value!r}"
        if defined is None:
            return None
        given = self._row.get(code)
        make = self._one.get(defined["userTypeId"], _as_it_is)
        expected: Any = None
        if isinstance(given, list):
            expected = [one for each in given if (one := make(defined, each)) is not None]
        elif given not in (None, ""):
            expected = make(defined, given)
        if _comparable(value) != _comparable(expected):
            return f"expected {expected!r}, found {value!r}"
        return None

    def _definition(self, code: str) -> Json | None:
        type_id = self._row["entityTypeId"]
        entity = _CLASSIC.get(type_id) or next(
            f"CRM_{one['id']}"
            for one in self._proof.portal.rows("smart_process_type").values()
            if one["entityTypeId"] == type_id
        )
        fields = self._proof.portal.rows("custom_field").values()
        return next((one for one in fields if (one["entityId"], one["fieldName"]) == (entity, code)), None)

    def _text_of(self, defined: Json, given: Any) -> str | None:
        return next((one["value"] for one in defined["enum"] if str(one["id"]) == str(given)), None)

    def _record(self, _: Json, given: str) -> Json | None:
        record = bound(given)
        target = self._proof.resolve(*record) if record else None
        return {"entity": record[0], "id": target} if record and target else None


def _as_it_is(_: Json, given: Any) -> Any:
    return given


def task_field(row: Json, code: str, value: Any) -> str | None:
    """The same for a task's own field, a text: ``UF_AUTO_17`` of the target is ``ufAuto17`` of the portal."""
    first, *others = code.lower().split("_")
    given = row.get(first + "".join(word.capitalize() for word in others), NOBODY)
    if given is NOBODY:
        return "the portal has no such field"
    return None if (given or None) == value else f"expected {given!r}, found {value!r}"


def _comparable(value: Any) -> Any:
    """Numbers by their value, however they are written; an empty text or list is nothing."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, list):
        return [_comparable(one) for one in value] or None
    if isinstance(value, dict):
        return {name: _comparable(one) for name, one in value.items()}
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value or None
