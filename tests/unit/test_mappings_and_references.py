"""Mappings as data, and references from source ids to target ids."""

from typing import Any

import pytest

from plans.loading import load_plan, plan_names
from shared.model.errors import RecordRejected
from shared.model.records import SourceRecord
from shared.transform.mapping_documents import MappingError, read_mapping
from shared.transform.references import Pending, pending, resolve

RULES: dict[str, Any] = {
    "field": {
        "name": {"from": ["TITLE", "NAME"], "step": "line", "required": True},
        "email": {"from": "EMAIL", "step": "email", "default": "u{id}@portage.invalid"},
        "owner_id": {"from": "OWNER", "reference": "user", "required": True},
        "parent_id": {"from": "PARENT", "reference": "group"},
        "tag_ids": {"from": "TAGS", "reference": "tag", "many": True},
        "members": {
            "from": "members",
            "many": True,
            "fields": {"user_id": {"from": "ID", "reference": "user", "required": True}, "role": {"from": "ROLE"}},
        },
    },
    "ignore": {"LOGO": "not needed"},
}


def draft(**data: Any) -> dict[str, Any]:
    complete = {"NAME": "x", "OWNER": "1", **data}
    return read_mapping("group", RULES).apply(SourceRecord("7", complete)).data


def test_the_first_source_field_that_holds_something_wins() -> None:
    assert draft(TITLE="", NAME="b")["name"] == "b"


def test_a_default_may_name_the_source_id() -> None:
    assert draft(EMAIL="")["email"] == "u7@portage.invalid"


@pytest.mark.parametrize("nothing", [None, "", "0", 0, False, [], {}])
def test_every_spelling_of_nothing_is_no_reference(nothing: Any) -> None:
    assert draft(PARENT=nothing)["parent_id"] is None


@pytest.mark.parametrize("nothing", [None, "", [], {}, False])
def test_every_spelling_of_nothing_is_an_empty_list(nothing: Any) -> None:
    assert draft(TAGS=nothing)["tag_ids"] == []


def test_a_missing_required_field_rejects_the_record_and_names_the_field() -> None:
    with pytest.raises(RecordRejected) as caught:
        draft(NAME=None)
    assert (caught.value.reason.code, caught.value.field) == ("transform.missing_required", "name")


def test_a_bad_value_of_a_required_field_rejects_the_record_and_names_the_field() -> None:
    rules = {"field": {"email": {"from": "EMAIL", "step": "email", "required": True}}}
    with pytest.raises(RecordRejected) as caught:
        read_mapping("user", rules).apply(SourceRecord("7", {"EMAIL": "nobody"}))
    assert (caught.value.reason.code, caught.value.field) == ("transform.bad_value", "email")


def test_a_record_goes_without_a_bad_value_that_it_can_do_without_and_says_so() -> None:
    rules = {"field": {"birthday": {"from": "BIRTHDAY", "step": "date"}, "name": {"from": "NAME"}}}
    result = read_mapping("user", rules).apply(SourceRecord("7", {"BIRTHDAY": "31.02.1990", "NAME": "x"}))
    assert result.data == {"birthday": None, "name": "x"}
    assert len(result.flaws) == 1
    assert "birthday" in result.flaws[0]


def test_a_bad_value_gives_way_to_the_default() -> None:
    assert draft(EMAIL="nobody")["email"] == "u7@portage.invalid"


def test_references_are_found_wherever_they_stand() -> None:
    found = {(one.entity, one.source_id) for one in pending(draft(TAGS=[3], members=[{"ID": 5, "ROLE": "A"}]))}
    assert found == {("user", "1"), ("tag", "3"), ("user", "5")}


def test_resolved_references_become_target_ids() -> None:
    resolution = resolve(draft(TAGS=[3]), lambda entity, source_id: f"{entity}/{source_id}")
    assert resolution.data["owner_id"] == "user/1"
    assert resolution.data["tag_ids"] == ["tag/3"]
    assert not resolution.missing


@pytest.mark.parametrize(("parent", "within"), [(15, "15"), ("128:7", "128:7"), ("0", None), (None, None)])
def test_a_record_and_a_reference_lie_within_the_parent_that_the_source_names(parent: Any, within: str | None) -> None:
    rule = {"from": "REPLY", "reference": "message", "within": "head.chat"}
    mapping = read_mapping("message", {"within": "head.chat", "field": {"reply_to_id": rule}})
    record = SourceRecord("7", {"REPLY": 3, "head": {"chat": parent}})
    assert mapping.parent(record) == within
    assert mapping.apply(record).data["reply_to_id"] == Pending("message", "3", required=False, within=within)


def test_a_missing_required_reference_blocks_the_record() -> None:
    resolution = resolve(draft(), lambda _entity, _id: None)
    assert resolution.blocking == [Pending("user", "1", required=True)]


def test_a_missing_optional_reference_becomes_null_and_is_noted() -> None:
    resolution = resolve(draft(PARENT="9"), lambda entity, _id: None if entity == "group" else "t")
    assert resolution.data["parent_id"] is None
    assert resolution.missing == [Pending("group", "9", required=False)]
    assert not resolution.blocking


def test_a_list_leaves_out_what_has_no_target_and_the_object_that_needs_it() -> None:
    data = draft(TAGS=[3, 4], members=[{"ID": 5, "ROLE": "A"}, {"ID": 6, "ROLE": "K"}])
    known = {("user", "1"): "t1", ("tag", "4"): "t4", ("user", "6"): "t6"}
    resolution = resolve(data, lambda entity, source_id: known.get((entity, source_id)))
    assert resolution.data["tag_ids"] == ["t4"]
    assert resolution.data["members"] == [{"user_id": "t6", "role": "K"}]
    assert len(resolution.missing) == 2
    assert not resolution.blocking


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"from": "A", "step": "magic"}, "no step 'magic'"),
        ({"from": "A", "stpe": "text"}, "unknown stpe"),
        ({"from": "A", "step": "choice"}, "needs a table 'values'"),
        ("A", "expected a table"),
        ({"from": "A", "within": "B"}, "'within' goes with a reference"),
        ({"from": "A", "reference": "tag", "within": True}, "'within' goes with a reference"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_its_place(rule: Any, message: str) -> None:
    with pytest.raises(MappingError, match=rf"group\.name: .*{message}"):
        read_mapping("group", {"field": {"name": rule}})


def test_a_source_field_is_either_mapped_or_ignored() -> None:
    with pytest.raises(MappingError, match="NAME cannot be mapped and ignored"):
        read_mapping("group", {**RULES, "ignore": {"NAME": "not needed"}})


@pytest.mark.parametrize("name", plan_names())
def test_every_plan_loads_and_maps_each_entity_that_it_imports(name: str) -> None:
    loaded = load_plan(name)
    assert loaded.mappings.keys() == {entity.name for entity in loaded.plan.entities if not entity.archive_only}


def test_an_unknown_plan_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_plan("../plans")
