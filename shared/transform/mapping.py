"""Field mappings: data that says for every canonical field where it comes from, checked when it is loaded.

A mapping file (TOML) has a table ``[field.<canonical name>]`` for each field of the contract and ``[ignore]`` with a
reason for each source field that stays behind::

    [field.email]
    from = "EMAIL"          # source field; a list means: the first that holds something
    step = "email"          # one of shared.transform.steps
    required = true
    default = "u{id}@portage.invalid"

    [field.department_ids]
    from = "UF_DEPARTMENT"
    reference = "department"
    many = true

    [field.members]
    from = "members"
    many = true
    fields.user_id = { from = "USER_ID", reference = "user", required = true }
"""

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import Any

from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject, as_list
from shared.model.records import SourceRecord
from shared.transform.references import Pending
from shared.transform.steps import STEPS

_RULE_KEYS = {"from", "step", "values", "required", "default", "reference", "many", "fields"}


class MappingError(ValueError):
    """A mapping file says something that makes no sense; the message names the field and what was expected."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one canonical field comes about."""

    name: str
    sources: tuple[str, ...]
    step: str
    options: JsonObject
    required: bool
    default: Json
    reference: str | None
    many: bool
    fields: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A record on its way into canonical form. ``flaws`` tell what had to be left out of it, field by field."""

    data: JsonObject
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """All rules of one entity."""

    entity: str
    rules: tuple[Rule, ...]

    @staticmethod
    def parse(entity: str, document: AbstractMapping[str, Any]) -> "Mapping":
        """Check and read a mapping document. Raises MappingError."""
        fields = document.get("field")
        if not isinstance(fields, dict) or not fields:
            raise MappingError(f"{entity}: expected at least one table [field.<name>]")
        rules = tuple(_rule(f"{entity}.{name}", name, body) for name, body in fields.items())
        if both := document.get("ignore", {}).keys() & {name for rule in rules for name in rule.sources}:
            raise MappingError(f"{entity}: {', '.join(sorted(both))} cannot be mapped and ignored at once")
        return Mapping(entity, rules)

    def apply(self, record: SourceRecord) -> Draft:
        """The canonical record, with ``Pending`` wherever a reference has to be resolved.

        Raises RecordRejected with ``transform.missing_required`` or ``transform.bad_value`` and the name of a field
        that the record cannot go without.
        """
        flaws: list[str] = []
        return Draft({rule.name: _field(rule, record.data, record.id, flaws) for rule in self.rules}, tuple(flaws))

    @property
    def required_references(self) -> frozenset[str]:
        """Entities without whose records none of this one can be written."""
        return frozenset(rule.reference for rule in self.rules if rule.reference and rule.required)


def _rule(place: str, name: str, body: Any) -> Rule:
    if not isinstance(body, dict):
        raise MappingError(f"{place}: expected a table")
    if unknown := body.keys() - _RULE_KEYS:
        raise MappingError(f"{place}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(_RULE_KEYS))}")
    step = body.get("step", "text")
    if step not in STEPS:
        raise MappingError(f"{place}: no step {step!r}; there are {', '.join(sorted(STEPS))}")
    if step == "choice" and not isinstance(body.get("values"), dict):
        raise MappingError(f"{place}: step 'choice' needs a table 'values'")
    origin = body.get("from")
    sources = (origin,) if isinstance(origin, str) else tuple(origin or ())
    nested = tuple(_rule(f"{place}.{key}", key, inner) for key, inner in body.get("fields", {}).items())
    return Rule(
        name=name,
        sources=sources,
        step=step,
        options={"values": body["values"]} if "values" in body else {},
        required=bool(body.get("required", False)),
        default=body.get("default"),
        reference=body.get("reference"),
        many=bool(body.get("many", False)),
        fields=nested,
    )


def _field(rule: Rule, data: JsonObject, source_id: str, flaws: list[str]) -> Json:
    value = next((data[name] for name in rule.sources if not _is_nothing(data.get(name), rule)), None)
    if rule.many:
        items = (_usable(rule, item, source_id, flaws) for item in as_list(value) if not _is_nothing(item, rule))
        return [item for item in items if item is not None]
    result = None if value is None else _usable(rule, value, source_id, flaws)
    if result is None and rule.default is not None:
        result = rule.default.format(id=source_id) if isinstance(rule.default, str) else rule.default
    if result is None and rule.required:
        raise RecordRejected("transform.missing_required", f"{rule.name} has no value", field=rule.name)
    return result


def _usable(rule: Rule, value: Json, source_id: str, flaws: list[str]) -> Json:
    """The value, or None with a note when it makes no sense and the record can go without it or has a default."""
    try:
        return _one(rule, value, source_id, flaws)
    except RecordRejected as error:
        if rule.required and rule.default is None:
            raise
        flaws.append(error.message)
        return None


def _one(rule: Rule, value: Json, source_id: str, flaws: list[str]) -> Json:
    if rule.reference:
        return Pending(rule.reference, str(value), rule.required)
    if rule.fields:
        if not isinstance(value, dict):
            raise RecordRejected("transform.bad_value", f"{rule.name}: expected an object", field=rule.name)
        return {inner.name: _field(inner, value, source_id, flaws) for inner in rule.fields}
    try:
        return STEPS[rule.step](value, rule.options)
    except ValueError as error:
        raise RecordRejected("transform.bad_value", f"{rule.name} {error}", field=rule.name) from None


def _is_nothing(value: Json, rule: Rule) -> bool:
    """What stands for "no value" in the source (API facts §9.1.7); 0 and false count only where they mean a thing."""
    if value is None or value in ("", [], {}):
        return True
    return bool(rule.reference) and value in ("0", 0, False)
