"""Reads a plan's folder: ``plan.toml`` (the entity graph) and ``mappings/<entity>.toml``."""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from shared.model.plan import Entity, Plan
from shared.transform.mapping import Mapping, MappingError, Rule

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """A plan with the mapping of each of its entities."""

    plan: Plan
    mappings: dict[str, Mapping]


def plan_names() -> tuple[str, ...]:
    """Names of the plans that exist: the folders here that hold a ``plan.toml``."""
    return tuple(sorted(path.parent.name for path in _HERE.glob("*/plan.toml")))


@cache
def load_plan(name: str) -> LoadedPlan:
    """Raises KeyError for an unknown plan and MappingError for one that contradicts itself."""
    if name not in plan_names():
        raise KeyError(name)
    return read_plan(_HERE / name)


def read_plan(folder: Path) -> LoadedPlan:
    """The plan in ``folder``, by whose name it goes. Raises MappingError when it contradicts itself."""
    document = tomllib.loads((folder / "plan.toml").read_text("utf-8"))
    entities = tuple(_entity(item) for item in document["entity"])
    plan = Plan(folder.name, document["title"], document["source"], document["target"], entities, _digest(folder))
    _check_order(plan)
    imported = [entity.name for entity in entities if not entity.archive_only]
    return LoadedPlan(plan, {name: _mapping(folder, name, plan) for name in imported})


def _entity(item: dict[str, Any]) -> Entity:
    return Entity(
        name=item["name"],
        extract_after=tuple(item.get("extract_after", ())),
        also_after=tuple(item.get("also_after", ())),
        import_after=tuple(item.get("import_after", ())),
        tree=item.get("tree"),
        archive_only=item.get("archive_only", False),
    )


def _mapping(folder: Path, entity: str, plan: Plan) -> Mapping:
    mapping = Mapping.parse(entity, tomllib.loads((folder / "mappings" / f"{entity}.toml").read_text("utf-8")))
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
    if rule.many and (rule.required or rule.default is not None):
        raise MappingError(f"{place}: a list with nothing in it is empty; 'many' goes without 'required' and 'default'")


def _check_order(plan: Plan) -> None:
    for place, entity in enumerate(plan.entities):
        earlier = {one.name for one in plan.entities[:place]}
        if late := [name for name in entity.import_after if name not in earlier]:
            raise MappingError(
                f"{plan.name}: {entity.name} comes after {', '.join(late)}, which is not listed before it"
            )
        if strange := [name for name in (*entity.extract_after, *entity.also_after) if name not in plan.names]:
            raise MappingError(f"{plan.name}: {entity.name} follows {', '.join(strange)}, which the plan does not have")
    followed = {entity.name: (*entity.extract_after, *entity.also_after) for entity in plan.entities}
    try:
        TopologicalSorter(followed).prepare()
    except CycleError as error:
        raise MappingError(f"{plan.name}: {' follows '.join(reversed(error.args[1]))}, in a circle") from None


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.toml")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
