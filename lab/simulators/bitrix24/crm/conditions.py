"""Filters: prefixes, types, nested groups (``api-reference/crm/universal/crm-item-list.md``)."""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as made_by
from fnmatch import translate
from re import IGNORECASE
from re import compile as pattern
from typing import Any

from lab.simulators.bitrix24.crm.dates import day_of, seconds_of
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field
from lab.simulators.bitrix24.crm.records import value

FOREVER = 1 << 62
Check = Callable[[Draw], bool]
Find = Callable[[str], Field | None]
"""The field of a name in a filter. None: there is none, and the condition is void. May raise PortalError."""

_NUMBERS = ("integer", "user", "crm_category", "crm_company", "crm_contact", "crm_lead", "crm_quote", "crm_entity")
_NOTHING = (None, 0, "", False)
_BOUNDS = (">", ">=", "<", "<=")
_TRUE = ("1", "Y", "y", "true", "True")


@dataclass(slots=True)
class Conditions:
    """What a filter asks for: ids from ``low`` to ``high``, changed from ``since`` to ``until``, and all ``checks``.

    All four are included; times are Unix seconds.
    """

    low: int = 0
    high: int = FOREVER
    since: int = 0
    until: int = FOREVER
    checks: list[Check] = made_by(default_factory=list)

    def any_time(self) -> bool:
        """Whether it does not matter when a record was changed."""
        return self.since <= 0 and self.until >= FOREVER

    def meets(self, draw: Draw) -> bool:
        """Whether a record is wanted, its id aside."""
        return all(check(draw) for check in self.checks)


def split(key: str) -> tuple[str, str]:
    """``>=id`` → (``>=``, ``id``)."""
    name = key.lstrip("<>=!%@")
    return key[: len(key) - len(name)], name


def conditions(given: Any, find: Find, *, nested: bool) -> Conditions:
    """Of a filter as it came. Without ``nested``, groups in it are void."""
    made = Conditions()
    if nested and isinstance(given, dict) and _or(given):
        made.checks.append(_group(given, find))
        return made
    entries = given.items() if isinstance(given, dict) else enumerate(given if isinstance(given, list) else ())
    for key, wanted in entries:
        if _is_group(key, wanted):
            if nested:
                made.checks.append(_group(wanted, find))
            continue
        prefix, name = split(str(key))
        if name.lower() == "logic":
            continue
        known = find(name)
        if known is not None and not _narrowed(made, known, prefix, wanted):
            made.checks.append(_check(known, prefix, wanted))
    return made


def _is_group(key: Any, wanted: Any) -> bool:
    return isinstance(wanted, dict | list) and str(key).isdecimal()


def _or(group: dict[str, Any]) -> bool:
    return any(str(key).lower() == "logic" and str(one).upper() == "OR" for key, one in group.items())


def _group(given: Any, find: Find) -> Check:
    either = isinstance(given, dict) and _or(given)
    entries = given.items() if isinstance(given, dict) else enumerate(given)
    checks: list[Check] = []
    for key, wanted in entries:
        if _is_group(key, wanted):
            checks.append(_group(wanted, find))
        elif str(key).lower() != "logic" and (known := find(split(str(key))[1])) is not None:
            checks.append(_check(known, split(str(key))[0], wanted))
    if either:
        return lambda draw: any(check(draw) for check in checks)
    return lambda draw: all(check(draw) for check in checks)


def _narrowed(made: Conditions, known: Field, prefix: str, wanted: Any) -> bool:
    """Take bounds on the id and on the time of the last change. Returns whether it was one."""
    if known.name == "id" and prefix in ("", "=", "@") and wanted:
        numbers = [one for one in (_typed(known, each) for each in _choices(wanted)) if one is not None]
        made.low, made.high = max(made.low, min(numbers, default=1)), min(made.high, max(numbers, default=0))
    if prefix not in _BOUNDS or known.name not in ("id", "updatedTime"):
        return False
    bound = _typed(known, wanted)
    if known.name == "id":
        if bound is not None:  # an unresolved macro of a batch is void: the answer is page 1
            made.low = max(made.low, bound + (prefix == ">")) if prefix.startswith(">") else made.low
            made.high = min(made.high, bound - (prefix == "<")) if prefix.startswith("<") else made.high
    elif bound is None:
        made.until = -1
    else:
        made.since = max(made.since, bound + (prefix == ">")) if prefix.startswith(">") else made.since
        made.until = min(made.until, bound - (prefix == "<")) if prefix.startswith("<") else made.until
    return True


def _check(field: Field, prefix: str, wanted: Any) -> Check:
    if "%" in prefix:
        return _like(field, prefix, wanted)
    if prefix.startswith("!"):
        equal = _equal(field, wanted)
        return lambda draw: not equal(draw)
    if prefix in _BOUNDS:
        return _compared(field, prefix, wanted)
    return _equal(field, wanted)


def _like(field: Field, prefix: str, wanted: Any) -> Check:
    own_marks = "=" in prefix
    text = (
        str(wanted)
        .replace("[", "[[]")
        .replace("*", "[*]")
        .replace("?", "[?]")
        .replace("%", "*" if own_marks else "[%]")
    )
    matches = pattern(translate(text if own_marks else f"*{text}*"), IGNORECASE).match
    negated = prefix.startswith("!")

    def check(draw: Draw) -> bool:
        return (matches(str(value(field, draw) or "")) is not None) != negated

    return check


def _equal(field: Field, wanted: Any) -> Check:
    choices = _choices(wanted)
    typed = [_typed(field, one) for one in choices]
    nothing = any(one in ("", None) for one in choices) or (0 in typed and field.kind in _NUMBERS)
    exact = {one for one in typed if one is not None}

    def check(draw: Draw) -> bool:
        found = value(field, draw)
        if isinstance(found, list):
            return any(one in exact for one in found) or (nothing and not found)
        return found in exact or (nothing and found in _NOTHING)

    return check


def _choices(wanted: Any) -> list[Any]:
    return list(wanted.values()) if isinstance(wanted, dict) else wanted if isinstance(wanted, list) else [wanted]


def _compared(field: Field, prefix: str, wanted: Any) -> Check:
    bound = _typed(field, wanted)
    if bound is None:
        return lambda _draw: False  # a date that is none finds nothing, and is no error (API facts §9.6)
    above, same = prefix.startswith(">"), prefix.endswith("=")

    def check(draw: Draw) -> bool:
        found = value(field, draw)
        if found is None or isinstance(found, list):
            return False
        return bool(found == bound and same) or bool(found > bound if above else found < bound)

    return check


def _typed(field: Field, wanted: Any) -> Any:
    """The value as records hold it; None for what cannot be one."""
    if isinstance(wanted, dict | list):
        return None
    text = str(wanted)
    try:
        if field.kind == "boolean":
            return None if field.custom is not None and text not in ("0", "1", "True", "False") else text in _TRUE
        if field.kind in ("datetime", "date"):
            seconds = seconds_of(text)
            return day_of(seconds) if field.kind == "date" else seconds
        if field.kind in _NUMBERS or field.kind in ("employee", "enumeration", "file"):
            return int(text)
        return float(text) if field.kind == "double" else text
    except ValueError:
        return None
