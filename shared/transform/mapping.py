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

    [field.owner_id]
    from = "OWNER_ID"
    reference = "user"
    required = true
    missing = "placeholder" # who is gone from the source is made up in the target

    [field.members]
    from = "members"
    many = true
    fields.user_id = { from = "USER_ID", reference = "user", required = true }

    [field.body_html]
    from = "DETAIL_TEXT"
    make = "markup"         # one of shared.transform.makers, or of the plan's own: composed of the whole record
    options = { files = "feed_post" }

    [field.stage_id]
    from = "STAGE_ID"
    make = "stage"
    table = "codes"         # a table of the plan: what it says of this entity goes into the options

    [field.reply_to_id]
    from = "params.REPLY_ID"
    reference = "chat_message"
    within = "chat_id"      # names the parent of what is referred to, where that lies by its parents

    left_out_by = "reason"  # records in which this field holds something stay behind
    also_known_as = "aliases"  # holds further source ids by which others refer to a record
    within = "chat_id"  # names the parent; the id map has records with those of the parent's neighbours

``from`` may lead into objects (``details.chatId``). Names of source fields for makers, and those under ``[ignore]``,
may be patterns (``parentId*``).
"""

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import Any

from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject, as_list
from shared.model.records import SourceRecord
from shared.transform.coverage import Coverage
from shared.transform.makers import MAKERS
from shared.transform.making import Maker, Making, Surroundings, look_up
from shared.transform.references import Pending
from shared.transform.steps import STEPS
from shared.transform.tables import Table, Tables

_RULE_KEYS = {
    "from",
    "step",
    "values",
    "required",
    "default",
    "reference",
    "many",
    "fields",
    "make",
    "options",
    "missing",
    "table",
    "within",
}
_OF_STEPS = {"step", "values", "reference", "many", "fields", "missing", "within"}


_NOTHING_AROUND = Surroundings()


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
    placeholder: bool = False
    maker: Maker | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A record on its way into canonical form. ``flaws`` tell what had to be left out of it, field by field.

    ``undefined`` names the definitions that were not there to make its values of.
    """

    data: JsonObject
    flaws: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """All rules of one entity. ``ignored`` are source fields that stay behind, with the reason.

    ``left_out_by``, ``also_known_as`` and ``within`` name source fields; see above. ``coverage`` tells what nobody
    decided about.
    """

    entity: str
    rules: tuple[Rule, ...]
    ignored: AbstractMapping[str, str] = field(default_factory=dict)
    left_out_by: str | None = None
    also_known_as: str | None = None
    within: str | None = None
    coverage: Coverage = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "coverage", Coverage(self.sources | self.ignored.keys()))

    @staticmethod
    def parse(
        entity: str,
        document: AbstractMapping[str, Any],
        makers: AbstractMapping[str, Maker] | None = None,
        tables: Tables | None = None,
    ) -> "Mapping":
        """Check and read a mapping document. ``makers`` and ``tables`` are the plan's own. Raises MappingError."""
        fields = document.get("field")
        if not isinstance(fields, dict) or not fields:
            raise MappingError(f"{entity}: expected at least one table [field.<name>]")
        known = {**MAKERS, **(makers or {})}
        told = {name: by_entity.get(entity, Table(None)) for name, by_entity in (tables or {}).items()}
        rules = tuple(_rule(f"{entity}.{name}", name, body, known, told) for name, body in fields.items())
        ignored = {**document.get("ignore", {})}
        if unexplained := sorted(name for name, reason in ignored.items() if not reason or not isinstance(reason, str)):
            raise MappingError(f"{entity}: {', '.join(unexplained)} is ignored without a reason")
        for body in fields.values():
            ignored |= told[body["table"]].ignored if "table" in body else {}
        named = (document.get(name) for name in ("left_out_by", "also_known_as", "within"))
        mapping = Mapping(entity, rules, ignored, *named)
        if both := mapping.sources & ignored.keys():
            raise MappingError(f"{entity}: {', '.join(sorted(both))} cannot be mapped and ignored at once")
        return mapping

    def apply(self, record: SourceRecord, around: Surroundings = _NOTHING_AROUND) -> Draft:
        """The canonical record, with ``Pending`` or ``Composed`` wherever a reference has to be resolved.

        Raises RecordRejected with ``transform.missing_required`` or ``transform.bad_value`` and the name of a field
        that the record cannot go without.
        """
        flaws: list[str] = []
        undefined: list[str] = []
        parent = self.parent(record)
        data = {}
        for rule in self.rules:
            if rule.maker is None:
                data[rule.name] = _field(rule, record.data, record.id, flaws)
            else:
                making = Making(self.entity, record, rule.sources, rule.options, around, flaws, undefined, parent)
                data[rule.name] = _finished(rule, _made(rule, making, flaws), record.id)
        return Draft(data, tuple(flaws), tuple(dict.fromkeys(undefined)))

    def leaves_out(self, record: SourceRecord) -> bool:
        """Whether a record stays behind by decision, not by failure."""
        return self.left_out_by is not None and bool(record.data.get(self.left_out_by))

    def aliases(self, record: SourceRecord) -> tuple[str, ...]:
        """Further source ids of a record."""
        return () if self.also_known_as is None else tuple(map(str, as_list(record.data.get(self.also_known_as))))

    def parent(self, record: SourceRecord) -> str | None:
        """The source id of the parent by which a record lies in the id map; None where it lies by its own."""
        return None if self.within is None else _parent(record.data, self.within)

    @property
    def sources(self) -> frozenset[str]:
        """The source fields that rules are about; patterns as they are, fields inside objects apart."""
        return frozenset(name for rule in self.rules for name in rule.sources)

    @property
    def required_references(self) -> frozenset[str]:
        """Entities without whose records none of this one can be written."""
        return frozenset(rule.reference for rule in self.rules if rule.reference and rule.required)


def _rule(
    place: str, name: str, body: Any, makers: AbstractMapping[str, Maker], tables: AbstractMapping[str, Table]
) -> Rule:
    if not isinstance(body, dict):
        raise MappingError(f"{place}: expected a table")
    if unknown := body.keys() - _RULE_KEYS:
        raise MappingError(f"{place}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(_RULE_KEYS))}")
    maker = body.get("make")
    if maker is not None and maker not in makers:
        raise MappingError(f"{place}: no maker {maker!r}; there are {', '.join(sorted(makers))}")
    if maker is not None and (idle := body.keys() & _OF_STEPS):
        raise MappingError(f"{place}: 'make' goes without {', '.join(sorted(idle))}")
    if "table" in body and (maker is None or body["table"] not in tables):
        raise MappingError(f"{place}: 'table' goes with 'make'; there are {', '.join(sorted(tables)) or 'none'}")
    table = tables[body["table"]] if "table" in body else Table(None)
    step = body.get("step", "text")
    if step not in STEPS:
        raise MappingError(f"{place}: no step {step!r}; there are {', '.join(sorted(STEPS))}")
    if step == "choice" and not isinstance(body.get("values"), dict):
        raise MappingError(f"{place}: step 'choice' needs a table 'values'")
    origin = body.get("from")
    sources = (origin,) if isinstance(origin, str) else tuple(origin or ())
    nested = tuple(_rule(f"{place}.{key}", key, inner, {}, {}) for key, inner in body.get("fields", {}).items())
    return Rule(
        name=name,
        sources=(*sources, *table.sources),
        step=step,
        options={
            **body.get("options", {}),
            **({"values": body["values"]} if "values" in body else {}),
            **({"table": table.content} if "table" in body else {}),
        },
        required=bool(body.get("required", False)),
        default=body.get("default"),
        reference=body.get("reference"),
        many=bool(body.get("many", False)),
        fields=nested,
        placeholder=_is_placeholder(place, body),
        maker=None if maker is None else makers[maker],
        within=_parent_field(place, body),
    )


def _is_placeholder(place: str, body: JsonObject) -> bool:
    policy = body.get("missing")
    if policy not in (None, "placeholder") or (policy and not body.get("reference")):
        raise MappingError(f"{place}: 'missing' goes with a reference, and can be 'placeholder' only")
    return policy is not None


def _parent_field(place: str, body: JsonObject) -> str | None:
    within = body.get("within")
    if within is not None and not (isinstance(within, str) and body.get("reference")):
        raise MappingError(f"{place}: 'within' goes with a reference, and names a field of the source")
    return within


def _parent(data: JsonObject, name: str) -> str | None:
    value = look_up(data, name)
    return None if value in (None, "", "0", 0, False) else str(value)


def _field(rule: Rule, data: JsonObject, source_id: str, flaws: list[str]) -> Json:
    value = None
    for name in rule.sources:
        found = look_up(data, name)
        if not _is_nothing(found, rule):
            value = found
            break
    if rule.many:
        listed = as_list(value) if isinstance(value, dict | list) else [value]
        items = (_usable(rule, item, data, source_id, flaws) for item in listed if not _is_nothing(item, rule))
        return [item for item in items if item is not None]
    return _finished(rule, None if value is None else _usable(rule, value, data, source_id, flaws), source_id)


def _made(rule: Rule, making: Making, flaws: list[str]) -> Json:
    assert rule.maker is not None  # noqa: S101  # for the type checker
    try:
        return rule.maker(making)
    except ValueError as error:
        message = f"{rule.name} {error}"
        if rule.required and rule.default is None:
            raise RecordRejected("transform.bad_value", message, field=rule.name) from None
        flaws.append(message)
        return None


def _finished(rule: Rule, result: Json, source_id: str) -> Json:
    """With the default where there is nothing. Raises RecordRejected for nothing where something is required."""
    if result is None and rule.default is not None:
        result = rule.default.format(id=source_id) if isinstance(rule.default, str) else rule.default
    if result is None and rule.required:
        raise RecordRejected("transform.missing_required", f"{rule.name} has no value", field=rule.name)
    return result


def _usable(rule: Rule, value: Json, data: JsonObject, source_id: str, flaws: list[str]) -> Json:
    """The value, or None with a note when it makes no sense and the record can go without it or has a default."""
    try:
        return _one(rule, value, data, source_id, flaws)
    except RecordRejected as error:
        if rule.required and rule.default is None:
            raise
        flaws.append(error.message)
        return None


def _one(rule: Rule, value: Json, data: JsonObject, source_id: str, flaws: list[str]) -> Json:
    if rule.reference:
        within = None if rule.within is None else _parent(data, rule.within)
        return Pending(rule.reference, str(value), rule.required, rule.placeholder, within=within)
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
