"""Field mappings: the rules of an entity, applied to its records. What a mapping may say: ``mapping_documents``."""

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field

from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject, as_list
from shared.model.records import SourceRecord
from shared.transform.coverage import Coverage
from shared.transform.making import Maker, Making, Surroundings, look_up
from shared.transform.references import Pending
from shared.transform.steps import STEPS
from shared.transform.watching import Made, Watch

_NOTHING_AROUND = Surroundings()


_NOBODY = "0"
"""What the source writes where somebody stood who is gone without an id (API facts §9.8.37)."""


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

    @property
    def by(self) -> str:
        """What makes its value, in words."""
        if self.maker is not None:
            return f"maker {self.maker.__name__}"
        if self.reference is not None:
            return f"reference to {self.reference}"
        return "object" if self.fields else f"step {self.step}"


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

    ``left_out_by``, ``also_known_as`` and ``within`` name source fields, as ``mapping_documents`` tells. ``coverage``
    tells what nobody decided about.
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

    def apply(self, record: SourceRecord, around: Surroundings = _NOTHING_AROUND, watch: Watch | None = None) -> Draft:
        """The canonical record, with ``Pending`` or ``Composed`` wherever a reference has to be resolved.

        ``watch`` is told of each field as it is made.

        Raises RecordRejected with ``transform.missing_required`` or ``transform.bad_value`` and the name of a field
        that the record cannot go without.
        """
        flaws: list[str] = []
        undefined: list[str] = []
        parent = self.parent(record)
        data = {}

        def value(rule: Rule) -> Json:
            if rule.maker is None:
                return _field(rule, record.data, record.id, flaws)
            making = Making(self.entity, record, rule.sources, rule.options, around, flaws, undefined, parent)
            return _finished(rule, _made(rule, making, flaws), record.id)

        for rule in self.rules:
            data[rule.name] = value(rule) if watch is None else _watched(rule, record, flaws, value, watch)
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

    @property
    def references(self) -> frozenset[str]:
        """Entities that rules name; what makers refer to is theirs to know."""
        rules = (inner for rule in self.rules for inner in (rule, *rule.fields))
        return frozenset(rule.reference for rule in rules if rule.reference)


def _parent(data: JsonObject, name: str) -> str | None:
    value = look_up(data, name)
    return None if value in (None, "", "0", 0, False) else str(value)


def _watched(rule: Rule, record: SourceRecord, flaws: list[str], value: Callable[[Rule], Json], watch: Watch) -> Json:
    before = {name: look_up(record.data, name) for name in rule.sources}
    noted = len(flaws)
    try:
        after = value(rule)
    except RecordRejected as error:
        watch(Made(rule.name, rule.by, before, None, tuple(flaws[noted:]), error.message))
        raise
    watch(Made(rule.name, rule.by, before, after, tuple(flaws[noted:])))
    return after


def _field(rule: Rule, data: JsonObject, source_id: str, flaws: list[str]) -> Json:
    value = None
    for name in rule.sources:
        found = look_up(data, name)
        if not _is_nothing(found, rule):
            value = found
            break
    if value is None and rule.placeholder and rule.required and any(_nobody(data, name) for name in rule.sources):
        value = _NOBODY
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


def _nobody(data: JsonObject, name: str) -> bool:
    return str(look_up(data, name)) == _NOBODY


def _is_nothing(value: Json, rule: Rule) -> bool:
    """What stands for "no value" in the source (API facts §9.1.7); 0 and false count only where they mean a thing."""
    if value is None or value in ("", [], {}):
        return True
    return bool(rule.reference) and value in ("0", 0, False)
