"""Reads a plan's folder: ``plan.toml`` (the entity graph), ``mappings/<entity>.toml`` and the plan's own tables."""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from plans.gates import read_gates
from shared.model.plan import Brake, Delta, Entity, Owner, Plan
from shared.model.records import SchemaNeeds
from shared.transform.making import Maker
from shared.transform.mapping import Mapping, Rule
from shared.transform.mapping_documents import MappingError, read_mapping
from shared.transform.tables import Table, TableError, TableReader, Tables

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Own:
    """What a plan brings besides data: ``makers``, and for each of its tables by name what checks and reads it.

    ``needs`` tells what the target has to know of, for records of a mapping to go in.
    """

    makers: AbstractMapping[str, Maker] = field(default_factory=dict)
    tables: AbstractMapping[str, TableReader] = field(default_factory=dict)
    needs: Callable[[Mapping], SchemaNeeds] = lambda mapping: SchemaNeeds(mapping.entity)


_NOTHING = Own()


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """A plan with the mapping of each of its entities, and what the target has to know of for them."""

    plan: Plan
    mappings: dict[str, Mapping]
    needs: dict[str, SchemaNeeds] = field(default_factory=dict)


def plan_names() -> tuple[str, ...]:
    """Names of the plans that exist: the folders here that hold a ``plan.toml``."""
    return tuple(sorted(path.parent.name for path in _HERE.glob("*/plan.toml")))


@cache
def load_plan(name: str, tables: Path | None = None) -> LoadedPlan:
    """``tables``: a folder whose tables take the place of the plan's.

    Raises KeyError for an unknown plan, TableError and MappingError for one that contradicts itself.
    """
    if name not in plan_names():
        raise KeyError(name)
    return read_plan(_HERE / name, _own(name), tables)


def read_plan(folder: Path, own: Own = _NOTHING, tables: Path | None = None) -> LoadedPlan:
    """The plan in ``folder``, by whose name it goes. Raises TableError and MappingError for contradictions."""
    places = _table_files(own.tables, folder, tables)
    document = tomllib.loads((folder / "plan.toml").read_text("utf-8"))
    entities = tuple(_entity(item) for item in document["entity"])
    imported = [entity.name for entity in entities if not entity.archive_only]
    plan = Plan(
        folder.name,
        document["title"],
        document["source"],
        document["target"],
        entities,
        _digest((*sorted(folder.rglob("*.toml")), *places.values())),
        document.get("placeholder", {}),
        read_gates(document.get("gates", {})),
        _brake(document.get("deletes", {})),
        {name: _digest((_mapping_file(folder, name), *places.values())) for name in imported},
    )
    _check_order(plan)
    read = {name: _table(places[name], reader) for name, reader in own.tables.items()}
    mappings = {name: _mapping(folder, name, plan, own.makers, read) for name in imported}
    _check_parents(mappings)
    needs = {name: needed for name, mapping in mappings.items() if (needed := own.needs(mapping))}
    return LoadedPlan(plan, mappings, needs)


def _entity(item: dict[str, Any]) -> Entity:
    return Entity(
        name=item["name"],
        extract_after=tuple(item.get("extract_after", ())),
        also_after=tuple(item.get("also_after", ())),
        described_by=tuple(item.get("described_by", ())),
        requires=tuple(item.get("requires", ())),
        import_after=tuple(item.get("import_after", ())),
        tree=item.get("tree"),
        archive_only=item.get("archive_only", False),
        ids_follow_content=item.get("ids_follow_content", False),
        delta=_delta(item["name"], item["delta"]) if "delta" in item else None,
        goes_with=Owner(**item["goes_with"]) if "goes_with" in item else None,
    )


def _delta(entity: str, item: dict[str, Any]) -> Delta:
    if unknown := sorted(set(item) - {"overlap", "reread", "misses"}):
        raise MappingError(f"{entity}.delta: knows no {', '.join(unknown)}")
    delta = Delta(**item)
    if not all(isinstance(seconds, int) and seconds >= 0 for seconds in (delta.overlap, delta.reread)):
        raise MappingError(f"{entity}.delta: overlap and reread are whole seconds")
    return delta


def _brake(item: dict[str, Any]) -> Brake:
    brake = Brake(item.get("brake", 0.05), item.get("at_least", 20))
    if set(item) - {"brake", "at_least"} or not (0 <= brake.share <= 1 and brake.at_least >= 0):
        raise MappingError("[deletes] has brake, a share, and at_least, a number of records")
    return brake


def _own(name: str) -> Own:
    """``MAKERS``, ``TABLES`` and ``needs_of`` of the plan's module ``makers``, if it has one."""
    module = f"plans.{name}.makers"
    if not find_spec(module):
        return _NOTHING
    makers = import_module(module)
    return Own(makers.MAKERS, makers.TABLES, makers.needs_of)


def _table_files(names: Iterable[str], folder: Path, instead: Path | None) -> dict[str, Path]:
    places = {name: folder / f"{name}.toml" for name in names}
    for path in sorted(instead.glob("*.toml")) if instead is not None else ():
        if path.stem not in places:
            raise TableError(f"{path.name} is none of {', '.join(f'{name}.toml' for name in places) or 'the tables'}")
        places[path.stem] = path
    return places


def _table(path: Path, reader: TableReader) -> AbstractMapping[str, Table]:
    try:
        return reader(tomllib.loads(path.read_text("utf-8")))
    except ValueError as error:  # TOML that is none, too
        raise TableError(f"{path.name}: {error}") from None


def _mapping_file(folder: Path, entity: str) -> Path:
    return folder / "mappings" / f"{entity}.toml"


def _mapping(folder: Path, entity: str, plan: Plan, makers: AbstractMapping[str, Maker], tables: Tables) -> Mapping:
    document = tomllib.loads(_mapping_file(folder, entity).read_text("utf-8"))
    mapping = read_mapping(entity, document, makers, tables)
    for rule in _all_rules(mapping.rules):
        _check_rule(f"{entity}.{rule.name}", rule, plan)
    return mapping


def _all_rules(rules: Iterable[Rule]) -> Iterator[Rule]:
    for rule in rules:
        yield rule
        yield from _all_rules(rule.fields)


def _check_rule(place: str, rule: Rule, plan: Plan) -> None:
    if rule.reference and rule.reference not in plan.names:
        raise MappingError(f"{place}: refers to {rule.reference!r}, which the plan does not have")
    if rule.reference and plan.entity(rule.reference).archive_only:
        raise MappingError(f"{place}: refers to {rule.reference!r}, which is only archived and has no target ids")
    if rule.placeholder and rule.reference not in plan.placeholders:
        raise MappingError(f"{place}: the plan has no [placeholder.{rule.reference}]")
    if rule.many and (rule.required or rule.default is not None):
        raise MappingError(f"{place}: a list with nothing in it is empty; 'many' goes without 'required' and 'default'")


def _check_parents(mappings: AbstractMapping[str, Mapping]) -> None:
    for mapping in mappings.values():
        if not isinstance(mapping.within, str | None):
            raise MappingError(f"{mapping.entity}: 'within' names a field of the source")
        for rule in _all_rules(mapping.rules):
            place = f"{mapping.entity}.{rule.name}"
            parted = rule.reference is not None and mappings[rule.reference].within is not None
            if parted and rule.within is None:
                raise MappingError(f"{place}: {rule.reference!r} lies by its parents; 'within' has to name the field")
            if rule.within is not None and not parted:
                raise MappingError(f"{place}: {rule.reference!r} does not lie by its parents; it goes without 'within'")
            if parted and rule.placeholder:
                raise MappingError(f"{place}: no placeholder can be made of what lies by its parents")


def _check_order(plan: Plan) -> None:
    for place, entity in enumerate(plan.entities):
        earlier = {one.name for one in plan.entities[:place]}
        if late := [name for name in (*entity.import_after, *entity.requires) if name not in earlier]:
            raise MappingError(
                f"{plan.name}: {entity.name} comes after {', '.join(late)}, which is not listed before it"
            )
        owner = entity.goes_with
        if owner is not None and owner.entity not in entity.requires:
            raise MappingError(f"{plan.name}: {entity.name} goes with {owner.entity}, which it does not require")
        followed = (*entity.extract_after, *entity.also_after, *entity.described_by)
        if strange := [name for name in followed if name not in plan.names]:
            raise MappingError(f"{plan.name}: {entity.name} follows {', '.join(strange)}, which the plan does not have")
    graph = {entity.name: (*entity.extract_after, *entity.also_after) for entity in plan.entities}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise MappingError(f"{plan.name}: {' follows '.join(reversed(error.args[1]))}, in a circle") from None


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
