"""Departments, users and groups on their way into the canonical form."""

from typing import Any

import pytest

from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject
from shared.transform.making import Surroundings
from shared.transform.references import Pending
from tests.unit.mapped import AROUND, alone, draft, example, made, mapping, simulated

USER: JsonObject = {"ID": "7", "ACTIVE": True, "EMAIL": "Ann@Example.com", "USER_TYPE": "employee"}
GROUP: JsonObject = {"ID": "7", "NAME": "Sales", "OWNER_ID": "3", "members": []}


@pytest.mark.parametrize("said", [{}, *({"ACTIVE": no} for no in (False, "N", "0", 0, "", None))])
def test_a_user_of_whom_the_portal_does_not_say_that_he_is_active_is_not(said: JsonObject) -> None:
    row = {name: value for name, value in USER.items() if name != "ACTIVE"} | said
    assert made("user", row)["active"] is False


@pytest.mark.parametrize("yes", [True, "Y", "1", 1])
def test_an_active_user_is_active_however_the_portal_says_so(yes: Json) -> None:
    assert made("user", {**USER, "ACTIVE": yes})["active"] is True


def recorded(entity: str) -> list[JsonObject]:
    if entity == "group":
        return [{**row, "members": example("sonet_group.user.get")} for row in example("sonet_group.get")]
    return list(example(f"{entity}.get"))


@pytest.mark.parametrize("entity", ["user", "group"])
def test_every_recorded_field_is_mapped_or_left_out_for_a_reason(entity: str) -> None:
    assert mapping(entity).coverage.undecided(recorded(entity)) == {}


@pytest.mark.parametrize("entity", ["department", "user", "group"])
def test_every_field_of_the_simulated_portal_is_mapped_or_left_out_for_a_reason(entity: str) -> None:
    assert mapping(entity).coverage.undecided(simulated(entity)) == {}


@pytest.mark.parametrize("entity", ["user", "group"])
def test_recorded_records_become_canonical_ones(entity: str) -> None:
    assert [made(entity, row, row["ID"]) for row in recorded(entity)]


@pytest.mark.parametrize("entity", ["department", "user", "group"])
def test_records_of_the_simulated_portal_become_canonical_ones_without_flaws(entity: str) -> None:
    for row in simulated(entity):
        made(entity, row, row["ID"])
        assert draft(entity, row, row["ID"]).flaws == ()


def test_a_user_shows_the_picture_that_is_kept_under_his_name() -> None:
    assert (
        made("user", {**USER, "PERSONAL_PHOTO": "https://cdn/7.png"})["photo_media_id"] == "media_file/user-7-picture"
    )


@pytest.mark.parametrize("nothing", [None, "", " ", "55"])
def test_what_is_no_address_of_a_picture_is_no_picture(nothing: Any) -> None:
    assert made("user", {**USER, "PERSONAL_PHOTO": nothing})["photo_media_id"] is None


def test_a_group_shows_its_image() -> None:
    assert made("group", {**GROUP, "IMAGE": "/upload/7.png"})["image_media_id"] == "media_file/group-7-picture"


def test_no_picture_is_waited_for_where_no_files_are_moved() -> None:
    around = Surroundings(AROUND.hosts, AROUND.imported - {"media_file"})
    assert draft("group", {**GROUP, "IMAGE": "/upload/7.png"}, around=around).data["image_media_id"] is None


def test_an_owner_who_was_deleted_gets_a_placeholder() -> None:
    assert alone("group", GROUP).blocking == [Pending("user", "3", required=True, placeholder=True)]


def test_a_member_who_was_deleted_is_left_out() -> None:
    members = [{"USER_ID": "3", "ROLE": "A"}]
    assert alone("group", {**GROUP, "members": members}).data["members"] == []


def test_a_group_without_an_owner_is_refused_with_the_field() -> None:
    with pytest.raises(RecordRejected) as caught:
        draft("group", {**GROUP, "OWNER_ID": ""})
    assert (caught.value.reason.code, caught.value.field) == ("transform.missing_required", "owner_id")


def test_a_user_of_no_known_type_is_moved_all_the_same() -> None:
    assert made("user", {**USER, "USER_TYPE": "robot"})["user_type"] is None


def test_an_owner_whom_the_portal_writes_as_0_is_somebody_who_is_gone() -> None:
    assert draft("group", {**GROUP, "OWNER_ID": "0"}).data["owner_id"] == Pending("user", "0", True, True)
