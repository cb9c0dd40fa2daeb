"""A run of chosen entities: what comes along unnamed, and what has to be asked for."""

import pytest

from plans.loading import load_plan
from triggers.problems import Problem
from triggers.run_requests import RunBody, chosen_of, to_request

PLAN = load_plan("bitrix24_onprem").plan
EVERYTHING = frozenset(PLAN.names)


def _chosen(*named: str, already_in: frozenset[str] = EVERYTHING) -> tuple[str, ...]:
    return to_request(RunBody(plan=PLAN.name, mode="full", entities=list(named)), PLAN, already_in).entities


def test_definitions_come_along_with_what_they_describe() -> None:
    assert _chosen("user") == ("user", "custom_field")


def test_what_is_only_archived_comes_along_with_what_is_read_along_it() -> None:
    assert _chosen("chat") == ("chat", "dialog")


def test_what_comes_along_brings_what_it_is_read_along_itself() -> None:
    assert _chosen("smart_process_item") == ("smart_process_item", "smart_process_type", "custom_field")


@pytest.mark.parametrize("named", [["user"], ["chat"], ["smart_process_item"], ["department", "user", "group"]])
def test_a_preview_counts_what_a_run_of_the_same_entities_reads(named: list[str]) -> None:
    assert PLAN.with_what_they_follow(chosen_of(PLAN, named)) == _chosen(*named)


def test_naming_none_is_naming_the_whole_plan() -> None:
    assert to_request(RunBody(plan=PLAN.name, mode="full", entities=None), PLAN, frozenset()).entities == PLAN.names


def test_a_parent_that_is_imported_itself_has_to_be_named() -> None:
    with pytest.raises(Problem, match="chat_message is read along chat; add it"):
        _chosen("chat_message")


def test_a_requirement_that_never_came_in_has_to_be_named() -> None:
    with pytest.raises(Problem, match="user needs department; add it or run it before"):
        _chosen("user", already_in=frozenset())
