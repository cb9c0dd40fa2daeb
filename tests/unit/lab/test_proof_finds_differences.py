"""The proof finds nothing where everything arrived, and whatever did not."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.proof import ENTITIES, compare
from tests.unit.lab.small_portal import SmallPortal


def differences(portal: SmallPortal, **options: Any) -> dict[str, list[str]]:
    return {one.name: one.differences for one in compare(portal, **options) if one.differences}


@pytest.fixture
def portal() -> SmallPortal:
    return SmallPortal()


def test_it_finds_nothing_where_everything_arrived(portal: SmallPortal) -> None:
    assert differences(portal) == {}


def test_it_looks_at_every_entity_and_at_media(portal: SmallPortal) -> None:
    assert [one.name for one in compare(portal) if one.arrived] == [*ENTITIES, "media"]


FIELDS = [
    (entity, source_id, name)
    for entity, records in SmallPortal().records.items()
    for source_id, data in records.items()
    for name in data
    if name != "custom"
    if data.get("user_type") != "placeholder" or name != "name"
]


def another(value: Any) -> Any:
    """A value of the same kind that is a little different."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}7"
        case [dict() as first, *others]:
            return [{**first, next(iter(first)): another(first[next(iter(first))])}, *others]
        case [first, *others]:
            return [another(first), *others]
        case dict():
            return {**value, next(iter(value)): another(next(iter(value.values())))}
    return ["t-user-1"] if value == [] else "t-user-1"


@pytest.mark.parametrize(("entity", "source_id", "name"), FIELDS)
def test_a_field_that_is_a_little_different_is_found(
    portal: SmallPortal, entity: str, source_id: str, name: str
) -> None:
    data = portal.records[entity][source_id]
    data[name] = another(data[name])
    assert any(f"{source_id}.{name}" in one for one in differences(portal)[entity])


FILLED = [(*one, name) for *one, name in FIELDS if SmallPortal().records[one[0]][one[1]][name] not in (None, [])]


@pytest.mark.parametrize(("entity", "source_id", "name"), FILLED)
def test_a_field_that_is_empty_is_found(portal: SmallPortal, entity: str, source_id: str, name: str) -> None:
    portal.records[entity][source_id][name] = None
    assert any(f"{source_id}.{name}" in one for one in differences(portal)[entity])


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_field_that_nobody_asked_for_is_found(portal: SmallPortal, entity: str) -> None:
    next(iter(portal.records[entity].values()))["password"] = "x"
    assert any(".password" in one for one in differences(portal)[entity])


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_lost_record_is_found(portal: SmallPortal, entity: str) -> None:
    lost = next(iter(portal.records[entity]))
    del portal.records[entity][lost]
    assert f"{lost} did not arrive" in differences(portal)[entity]


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_record_too_many_is_found(portal: SmallPortal, entity: str) -> None:
    portal.records[entity]["9999"] = dict(next(iter(portal.records[entity].values())))
    assert any("9999" in one and "should not be there" in one for one in differences(portal)[entity])


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_doubled_record_is_found(portal: SmallPortal, entity: str) -> None:
    twice = next(iter(portal.records[entity]))
    portal.listed_too[entity] = [{"source_id": twice, "target_id": "t-other", "checksum": ""}]
    assert f"source id {twice} is there 2 times" in differences(portal)[entity]


def test_two_records_that_share_a_target_id_are_found(portal: SmallPortal) -> None:
    portal.listed_too["task"] = [{"source_id": "2", "target_id": "t-task-1", "checksum": ""}]
    assert "target id t-task-1 is there 2 times" in differences(portal)["task"]


def test_a_reference_to_another_record_is_found(portal: SmallPortal) -> None:
    portal.records["contact"]["1"]["company_id"] = "t-deal-1"
    assert differences(portal) == {"contact": ["1.company_id: expected '1', found 'nobody (t-deal-1)'"]}


def test_contacts_of_a_deal_in_another_order_are_found(portal: SmallPortal) -> None:
    portal.records["deal"]["1"]["contact_ids"].reverse()
    assert list(differences(portal)) == ["deal"]


def test_an_author_for_whom_nobody_stands_is_found(portal: SmallPortal) -> None:
    del portal.records["user"]["99"]
    portal.records["chat_message"]["11"]["author_id"] = None
    portal.records["task"]["1"]["responsible_id"] = None
    found = differences(portal)
    assert found["chat_message"] == ["11.author_id: nobody stands for user 99"]
    assert found["task"] == ["1.responsible_id: nobody stands for user 99"]


def test_a_made_up_user_whom_nobody_names_is_found(portal: SmallPortal) -> None:
    portal.records["user"]["98"] = {"email": "u98@portage.invalid", "active": False, "user_type": "placeholder"}
    assert differences(portal) == {"user": ["98 should not be there: nobody names this user"]}


@pytest.mark.parametrize("code", ["UF_CRM_KIND", "UF_CRM_SUM"])
def test_a_custom_field_that_is_different_is_found(portal: SmallPortal, code: str) -> None:
    held = portal.records["deal"]["1"]["custom"]
    held[code] = another(held[code])
    assert list(differences(portal)) == ["deal"]


def test_custom_fields_that_no_record_has_are_found_when_they_are_expected(portal: SmallPortal) -> None:
    portal.records["deal"]["1"]["custom"] = {}
    assert list(differences(portal, custom={"deal": frozenset({"UF_CRM_SUM"})})) == ["deal"]


def test_a_custom_field_that_one_record_lost_is_found(portal: SmallPortal) -> None:
    other = {"id": 2, "entityTypeId": 2, "UF_CRM_KIND": [11], "UF_CRM_SUM": None}
    portal.rows["deal"].append(portal.rows["deal"][0] | other)
    portal.records["deal"]["2"] = portal.records["deal"]["1"] | {"custom": {}}
    assert differences(portal) == {"deal": ["2.custom.UF_CRM_KIND: expected ['R&D'], found None"]}


TEXTS = {
    "a word is missing": "<ul><li>раз</li></ul>",
    "a link leads to somebody else": '<span data-entity="user" data-id="t-user-1">Zoë</span>',
    "a link is text only": "Zoë",
    "a marker stands though the record is there": "Zoë [user 2]",
    "a marker is missing": "чат",
    "markup is left": "[LIST][*]раз",
}


@pytest.mark.parametrize("wrong", TEXTS)
def test_a_text_in_which_something_is_wrong_is_found(portal: SmallPortal, wrong: str) -> None:
    right = "<ul><li>раз</li><li>два</li></ul> "
    link, chat = '<span data-entity="user" data-id="t-user-2">Zoë</span>', "чат [chat 7]"
    parts = [right, link, chat]
    place = {"a word is missing": 0, "markup is left": 0, "a marker is missing": 2}.get(wrong, 1)
    parts[place] = TEXTS[wrong]
    portal.records["task"]["1"]["description_html"] = " ".join(parts)
    assert list(differences(portal)) == ["task"]


@pytest.mark.parametrize(
    "unsafe", ["<script>x()</script>", '<b onclick="x()"></b>', '<a href=" javascript:x()"></a>', "<i style=x></i>"]
)
def test_a_text_that_is_not_safe_is_found(portal: SmallPortal, unsafe: str) -> None:
    portal.records["task_comment"]["f1"]["body_html"] += unsafe
    assert any("holds" in one for one in differences(portal)["task_comment"])


def _lose_a_byte(portal: SmallPortal) -> None:
    portal.media["m-drawing"] = portal.media["m-drawing"][:-1]


def _swap(portal: SmallPortal) -> None:
    portal.media["m-drawing"], portal.media["m-photo"] = portal.media["m-photo"], portal.media["m-drawing"]


def _orphan(portal: SmallPortal) -> None:
    portal.keep("m-other", b"?")


@pytest.mark.parametrize("damage", [_lose_a_byte, _swap, _orphan])
def test_damaged_media_are_found(portal: SmallPortal, damage: Callable[[SmallPortal], None]) -> None:
    damage(portal)
    assert list(differences(portal)) == ["media"]


def test_a_post_without_its_picture_is_found(portal: SmallPortal) -> None:
    portal.records["feed_post"]["1"]["media_ids"] = []
    del portal.media["m-drawing"]
    assert any("1.media_ids" in one for one in differences(portal)["feed_post"])


def test_media_that_changed_places_are_found(portal: SmallPortal) -> None:
    portal.records["feed_post"]["1"]["media_ids"] = ["m-photo"]
    assert any("1.media_ids" in one for one in differences(portal)["feed_post"])
