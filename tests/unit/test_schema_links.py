"""Target ids are found in every record, wherever the contract has them."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from shared.model.records import Link
from shared.schema.base import TargetId
from shared.schema.linked import LINKS, OF_ANY, TO_ITS_OWN, TOLD_BESIDE, links
from shared.schema.registry import SCHEMAS

_KNOWN = {*LINKS, TO_ITS_OWN, "id"}


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        # Annotated makes one annotation of the type and another of its metadata.
        yield name, (field.annotation, *field.metadata)
        for inner in _models(field.annotation):
            yield from _fields(inner)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one


def _is_target_id(annotation: Any) -> bool:
    wanted = get_args(TargetId)[1]
    return wanted in annotation or any(wanted in get_args(one) or _inside(one, wanted) for one in annotation)


def _inside(annotation: Any, wanted: Any) -> bool:
    return any(wanted in get_args(one) for one in get_args(annotation))


@pytest.mark.parametrize("entity", SCHEMAS)
def test_every_field_that_holds_target_ids_is_known_to_lead_somewhere(entity: str) -> None:
    holding = {name for name, annotation in _fields(SCHEMAS[entity]) if _is_target_id(annotation)}
    assert holding <= _KNOWN


def test_a_task_has_holders_of_target_ids_at_all() -> None:
    holding = {name for name, annotation in _fields(SCHEMAS["task"]) if _is_target_id(annotation)}
    assert {"responsible_id", "accomplice_ids", "media_ids", "id"} <= holding


def test_links_of_a_record_are_told_with_their_place() -> None:
    data = {
        "owner_id": "1",
        "name": "2",
        "members": [{"user_id": "3", "role": "owner"}],
        "image_media_id": "m4",
        "custom": {"user_id": "5"},
    }
    assert list(links("group", data)) == [
        Link("owner_id", ("user",), "1"),
        Link("members.0.user_id", ("user",), "3"),
        Link("image_media_id", ("media_file",), "m4"),
    ]


def test_a_parent_is_of_the_record_s_own_entity() -> None:
    assert list(links("task", {"parent_id": "7"})) == [Link("parent_id", ("task",), "7")]


@pytest.mark.parametrize("name", TOLD_BESIDE)
def test_an_object_says_itself_what_its_id_is_of(name: str) -> None:
    data = {name: {"entity": "deal", "id": "9"}}
    assert list(links("chat", data)) == [Link(f"{name}.id", ("deal",), "9")]


def test_a_parent_of_an_item_may_be_of_any_entity_of_the_crm() -> None:
    (link,) = links("smart_process_item", {OF_ANY: [{"entity_type_id": "2", "id": "9"}]})
    assert (link.field, link.target_id, "deal" in link.entities) == ("parents.0.id", "9", True)


def test_nothing_leads_nowhere() -> None:
    empty = {"owner_id": None, "member_ids": [], "bound_to": None, "audience": None, "members": None}
    assert list(links("chat", empty)) == []
