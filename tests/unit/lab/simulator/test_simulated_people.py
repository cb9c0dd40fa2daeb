"""What a webhook sees of departments, users and groups (API facts §1.2, §4.1, §4.2, §9)."""

from typing import Any

import pytest

SIZE = ("--users", "120", "--departments", "60", "--groups", "60")
WEBHOOKS = ("--webhook", "1:admin", "--webhook", "2:colleague::noadmin")
ADMIN, COLLEAGUE = "1/admin", "2/colleague"
EVERYBODY = {"ADMIN_MODE": True, "start": -1}


@pytest.fixture(scope="module")
def portal(start_portal: Any) -> Any:
    return start_portal(*SIZE, *WEBHOOKS)


def _ids(portal: Any, webhook: str, method: str, fixed: dict[str, Any], key: str = "FILTER") -> list[int]:
    """Every id that keyset paging finds."""
    found: list[int] = []
    while True:
        last = {">ID": found[-1] if found else 0}
        rows = portal.call(method, {**fixed, key: last}, webhook)["result"]
        found += [int(row["ID"]) for row in rows]
        if len(rows) < 50:
            return found


def _truth(portal: Any, entity: str) -> list[int]:
    return [int(row["ID"]) for row in portal.look(f"truth/{entity}")]


def test_an_administrator_who_says_so_reads_every_user(portal: Any) -> None:
    assert _ids(portal, ADMIN, "user.get", EVERYBODY) == _truth(portal, "user")


@pytest.mark.parametrize(("webhook", "fixed"), [(ADMIN, {"start": -1}), (COLLEAGUE, EVERYBODY)])
def test_users_of_no_department_are_hidden_from_others(portal: Any, webhook: str, fixed: dict[str, Any]) -> None:
    employees = [int(row["ID"]) for row in portal.look("truth/user") if row["UF_DEPARTMENT"]]
    assert _ids(portal, webhook, "user.get", fixed) == employees
    assert len(employees) < len(_truth(portal, "user"))


def test_an_administrator_who_says_so_reads_every_group(portal: Any) -> None:
    fixed = {"IS_ADMIN": "Y", "ORDER": {"ID": "ASC"}}
    assert _ids(portal, ADMIN, "sonet_group.get", fixed) == _truth(portal, "group")


def test_others_see_visible_groups_and_their_own(portal: Any) -> None:
    groups = portal.look("truth/group")
    seen = [
        int(row["ID"])
        for row in groups
        if row["VISIBLE"] == "Y" or any(one["USER_ID"] == "2" for one in row["members"])
    ]
    assert _ids(portal, COLLEAGUE, "sonet_group.get", {"IS_ADMIN": "Y", "ORDER": {"ID": "ASC"}}) == seen
    assert len(seen) < len(groups)


def test_members_of_a_group_out_of_sight_are_those_of_no_group(portal: Any) -> None:
    seen = set(_ids(portal, COLLEAGUE, "sonet_group.get", {"ORDER": {"ID": "ASC"}}))
    hidden = next(number for number in _truth(portal, "group") if number not in seen)
    refused = portal.call("sonet_group.user.get", {"ID": hidden}, COLLEAGUE)
    assert refused == {"error": "", "error_description": "Socialnetwork group not found"}
    assert refused == portal.call("sonet_group.user.get", {"ID": 999_999}, COLLEAGUE)
    assert "result" in portal.call("sonet_group.user.get", {"ID": hidden}, ADMIN)


def test_a_page_has_fifty_rows_and_says_where_the_next_begins(portal: Any) -> None:
    answer = portal.call("user.get", {"ADMIN_MODE": True, "limit": 10}, ADMIN)
    assert (len(answer["result"]), answer["next"], answer["total"]) == (50, 50, 120)


def test_a_start_within_a_page_answers_that_page(portal: Any) -> None:
    first, within = (portal.call("user.get", {"start": start}, ADMIN)["result"] for start in (0, 10))
    assert within == first


def test_a_start_beyond_the_end_answers_the_first_page(portal: Any) -> None:
    first, beyond = (portal.call("department.get", {"START": start}, ADMIN)["result"] for start in (0, 5_000))
    assert beyond == first


def test_the_last_page_has_no_next(portal: Any) -> None:
    assert "next" not in portal.call("user.get", {"start": 100, "ADMIN_MODE": True}, ADMIN)


def test_an_uncounted_page_has_neither_total_nor_next(portal: Any) -> None:
    assert not {"total", "next"} & portal.call("user.get", EVERYBODY, ADMIN).keys()


def test_an_empty_list_of_users_has_no_total(portal: Any) -> None:
    answer = portal.call("user.get", {"FILTER": {">ID": 100_000}}, ADMIN)
    assert (answer["result"], "total" in answer) == ([], False)


def test_groups_come_newest_first_and_departments_by_their_sort(portal: Any) -> None:
    groups = [int(row["ID"]) for row in portal.call("sonet_group.get", {"IS_ADMIN": "Y"}, ADMIN)["result"]]
    assert groups == sorted(groups, reverse=True)
    sorts = [row["SORT"] for row in portal.call("department.get", None, ADMIN)["result"]]
    assert sorts == sorted(sorts)


def test_conditions_at_top_level_count_only_without_a_filter(portal: Any) -> None:
    alone = portal.call("user.get", {"ID": 1}, ADMIN)["result"]
    beside = portal.call("user.get", {"ID": 1, "FILTER": {"<=ID": 9}}, ADMIN)["result"]
    assert [row["ID"] for row in alone] == ["1"]
    assert len(beside) > 1


def test_selected_fields_may_be_masks(portal: Any) -> None:
    row = portal.call("user.get", {"select": ["ID", "UF_*", "NO_SUCH"]}, ADMIN)["result"][0]
    assert row.keys() == {"ID", "UF_DEPARTMENT", "UF_EMPLOYMENT_DATE"}


def test_the_clock_of_a_user_is_empty_in_the_list_and_a_text_for_oneself(portal: Any) -> None:
    assert portal.call("user.get", None, ADMIN)["result"][0]["TIMESTAMP_X"] == {}
    assert portal.call("user.current", None, ADMIN)["result"]["TIMESTAMP_X"].startswith("24.08.2023")


def test_a_webhook_knows_whether_it_is_an_administrators(portal: Any) -> None:
    assert [portal.call("profile", None, one)["result"]["ADMIN"] for one in (ADMIN, COLLEAGUE)] == [True, False]
