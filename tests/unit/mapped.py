"""Source rows of people, chats, the feed and workflows, and what the plan makes of them."""

import json
from pathlib import Path
from typing import Any

from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.world import World
from plans.loading import load_plan
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.schema.registry import SCHEMAS, validate
from shared.transform.making import Surroundings
from shared.transform.mapping import Draft, Mapping
from shared.transform.references import Resolution, resolve

_EXAMPLES = Path(__file__).parents[1] / "fixtures" / "bitrix24" / "doc-examples.json"

_ALL = frozenset({*SCHEMAS, "media_file"})
AROUND = Surroundings(frozenset({"portal.example"}), _ALL, coming=_ALL, task_files=True)
"""A plan in which everything gets a target id."""


def mapping(entity: str) -> Mapping:
    return load_plan("bitrix24_onprem").mappings[entity]


def draft(entity: str, row: JsonObject, source_id: str = "7", around: Surroundings = AROUND) -> Draft:
    return mapping(entity).apply(SourceRecord(source_id, row), around)


def made(entity: str, row: JsonObject, source_id: str = "7", around: Surroundings = AROUND) -> JsonObject:
    """The canonical record as the target gets it, checked; every reference finds ``{entity}/{source id}``."""
    data = resolve(draft(entity, row, source_id, around).data, lambda kind, one: f"{kind}/{one}").data
    validate(entity, data)
    return data


def alone(entity: str, row: JsonObject, source_id: str = "7") -> Resolution:
    """The same where no other record has a target id."""
    return resolve(draft(entity, row, source_id).data, lambda _kind, _one: None)


def example(method: str) -> Json:
    """``result`` of the recorded answer."""
    answers = json.loads(_EXAMPLES.read_text("utf-8"))[method]
    return next(one["body"]["result"] for one in answers if "result" in one["body"])


def simulated(entity: str, **size: Any) -> list[JsonObject]:
    """Everything that a simulated portal has of an entity."""
    return World.create(Size(**{"users": 40, "departments": 8, "groups": 9, **size})).truth(entity)
