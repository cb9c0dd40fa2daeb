"""Reads a plan's folder: ``plan.toml`` (the entity graph) and ``mappings/<entity>.toml``."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.model.plan import Entity, Plan
from shared.transform.mapping import Mapping, MappingError

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
    folder = _HERE / name
    document = tomllib.loads((folder / "plan.toml").read_text("utf-8"))
    entities = tuple(_entity(item) for item in document["entity"])
    plan = Plan(name, document["title"], document["source"], document["target"], entities, _digest(folder))
    _check_order(plan)
    imported = [entity.name for entity in entities if not entity.archive_only]
    return LoadedPlan(plan, {name: _mapping(folder, name, plan) for name in imported})


def _entity(item: dict[str, Any]) -> Entity:
    return Entity(
        name=item["name"],
        extract_after=tuple(item.get("extract_after", ())),
        import_after=tuple(item.get("import_after", ())),
        tree=item.get("tree"),
        archive_only=item.get("archive_only", False),
    )


def _mapping(folder: Path, entity: str, plan: Plan) -> Mapping:
    mapping = Mapping.parse(entity, tomllib.loads((folder / "mappings" / f"{entity}.toml").read_text("utf-8")))
    nested = (inner for outer in mapping.rules for inner in outer.fields)
    for rule in (*mapping.rules, *nested):
        if rule.reference and rule.reference not in plan.names:
            raise MappingError(f"{entity}.{rule.name}: refers to {rule.reference!r}, which the plan does not have")
    return mapping


def _check_order(plan: Plan) -> None:
    for place, entity in enumerate(plan.entities):
        earlier = {one.name for one in plan.entities[:place]}
        if late := [name for name in (*entity.extract_after, *entity.import_after) if name not in earlier]:
            raise MappingError(
                f"{plan.name}: {entity.name} comes after {', '.join(late)}, which is not listed before it"
            )


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.toml")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
