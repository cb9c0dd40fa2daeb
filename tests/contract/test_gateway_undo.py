"""Deleting records, and rolling a run back in two phases (contract §4)."""

from collections.abc import Callable, Iterator

import pytest

from tests.unit.gateway.gateway_process import METHODS, NOW, Json, RunningGateway, item, running, user

Outcome = tuple[str, str, str | None]


@pytest.fixture(scope="module")
def gateway(gateway_store: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that all tests write to, each in runs and under source ids of its own."""
    with running(tmp_path_factory.mktemp("undo"), {"GATEWAY_RATE_FACTOR": "100", **gateway_store}) as process:
        yield process


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Names of runs and source ids that only this test uses."""
    return lambda name: f"{name}-{request.node.name}"


def _delete(gateway: RunningGateway, entity: str, *source_ids: str, run_id: str) -> Json:
    items = [{"source_id": one, "idempotency_key": f"{METHODS[entity][2]}:{one}:delete"} for one in source_ids]
    call = {"run_id": run_id, "batch_id": "b", "entity": entity, "items": items}
    return gateway.ask("import.delete", call)


def _undo(gateway: RunningGateway, run_id: str, phase: str, entity: str, limit: int = 1000) -> list[Outcome]:
    outcomes: list[Outcome] = []
    after: str | None = ""
    while after is not None:
        call = {"run_id": run_id, "entity": entity, "phase": phase, "after": after, "limit": limit}
        page = gateway.ask("import.rollback", call)
        assert all(one.keys() == {"source_id", "outcome", "reason"} for one in page["items"])
        outcomes += [(one["source_id"], one["outcome"], one["reason"]) for one in page["items"]]
        after = page["next"]
    return outcomes


def _roll_back(gateway: RunningGateway, run_id: str) -> dict[str, list[Outcome]]:
    """The whole undoing of a run, in the contract's order."""
    outcomes: dict[str, list[Outcome]] = {}
    for phase, entities in (("restore", list(METHODS)), ("delete", list(reversed(METHODS)))):
        for entity in entities:
            if found := _undo(gateway, run_id, phase, entity):
                outcomes[entity] = outcomes.get(entity, []) + found
    return outcomes


def test_deleting_tells_what_went_what_was_not_there_and_what_others_need(gateway: RunningGateway) -> None:
    parent = gateway.create("department", "d1", name="Parent")
    child = gateway.create("department", "d2", name="Child", parent_id=parent)
    answer = _delete(gateway, "department", "d1", "d2", "d3", run_id="d")
    assert answer["deleted"] == [{"source_id": "d2", "target_id": child}]
    assert answer["missing"] == [{"source_id": "d3"}]
    assert [(one["source_id"], one["code"]) for one in answer["failed"]] == [("d1", "REFERENCED")]
    assert gateway.read("department", "d1", "d2").keys() == {"d1"}


def test_a_record_that_refers_to_itself_can_be_deleted(gateway: RunningGateway) -> None:
    own = gateway.create("department", "d5", name="Own")
    gateway.write("department", item("department", "d5", {"name": "Own", "parent_id": own}))
    assert len(_delete(gateway, "department", "d5", run_id="d")["deleted"]) == 1


def test_deleting_again_finds_nothing(gateway: RunningGateway) -> None:
    gateway.create("company", "d6", title="C")
    _delete(gateway, "company", "d6", run_id="d")
    assert _delete(gateway, "company", "d6", run_id="d") == {
        "deleted": [],
        "missing": [{"source_id": "d6"}],
        "failed": [],
    }


@pytest.mark.parametrize("raw", [None, 5, {}, {"source_id": 5}, {"source_id": ["d1"]}])
def test_an_item_to_delete_of_another_shape_fails(gateway: RunningGateway, raw: Json) -> None:
    answer = gateway.ask("import.delete", {"run_id": "d", "batch_id": "b", "entity": "deal", "items": [raw]})
    assert [one["code"] for one in answer["failed"]] == ["VALIDATION"]


def test_a_deleted_record_that_is_sent_again_gets_a_new_target_id(gateway: RunningGateway) -> None:
    first = gateway.create("company", "d7", title="C")
    _delete(gateway, "company", "d7", run_id="d")
    assert gateway.create("company", "d7", title="C") != first


def test_a_run_that_created_updated_and_deleted_is_undone(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    for name in ("updated", "deleted", "untouched"):
        gateway.create("company", run(name), run_id=run("before"), title=name)
    earlier = gateway.read("company", run("updated"), run("deleted"), run("untouched"))
    gateway.write("company", item("company", run("updated"), {"title": "x"}), run_id=run("r"))
    gateway.write("company", item("company", run("updated"), {"title": "y"}), run_id=run("r"))
    gateway.create("company", run("created"), run_id=run("r"), title="x")
    _delete(gateway, "company", run("deleted"), run_id=run("r"))
    assert _undo(gateway, run("r"), "restore", "company") == [
        (run("deleted"), "restored", None),
        (run("updated"), "restored", None),
    ]
    assert _undo(gateway, run("r"), "delete", "company") == [(run("created"), "deleted", None)]
    assert gateway.read("company", run("updated"), run("deleted"), run("untouched"), run("created")) == earlier


def test_a_restored_record_has_its_earlier_key_back(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    first = item("company", run("c"), {"title": "A"})
    target_id = gateway.write("company", first, run_id=run("before"))["imported"][0]["target_id"]
    gateway.write("company", item("company", run("c"), {"title": "B"}), run_id=run("r"))
    _roll_back(gateway, run("r"))
    (duplicate,) = gateway.write("company", first, run_id=run("again"))["duplicate"]
    assert (duplicate["target_id"], duplicate["run_id"], duplicate["action"]) == (target_id, run("before"), "created")


def test_the_same_call_again_has_the_same_outcome_and_changes_nothing(
    gateway: RunningGateway, run: Callable[[str], str]
) -> None:
    gateway.create("company", run("a"), run_id=run("before"), title="A")
    gateway.write("company", item("company", run("a"), {"title": "B"}), run_id=run("r"))
    gateway.create("company", run("b"), run_id=run("r"), title="C")
    first = _roll_back(gateway, run("r"))
    gateway.write("company", item("company", run("a"), {"title": "D"}), run_id=run("later"))
    assert _roll_back(gateway, run("r")) == first
    assert gateway.read("company", run("a"))[run("a")]["data"] == {"title": "D"}


def test_a_run_that_is_repeated_after_its_rollback_can_be_rolled_back_again(
    gateway: RunningGateway, run: Callable[[str], str]
) -> None:
    for _ in range(2):
        gateway.create("company", run("c"), run_id=run("r"), title="C")
        assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "deleted", None)]}
        assert gateway.read("company", run("c")) == {}


def test_what_a_later_run_changed_is_kept(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    gateway.create("company", run("created"), run_id=run("r"), title="A")
    gateway.create("company", run("updated"), run_id=run("before"), title="A")
    gateway.write("company", item("company", run("updated"), {"title": "B"}), run_id=run("r"))
    for name in ("created", "updated"):
        gateway.write("company", item("company", run(name), {"title": "C"}), run_id=run("later"))
    assert _roll_back(gateway, run("r")) == {
        "company": [(run("updated"), "kept", "LATER_RUN"), (run("created"), "kept", "LATER_RUN")]
    }


def test_what_was_kept_goes_once_the_later_run_is_undone(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    gateway.create("company", run("c"), run_id=run("r"), title="A")
    gateway.write("company", item("company", run("c"), {"title": "B"}), run_id=run("later"))
    _roll_back(gateway, run("later"))
    assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "deleted", None)]}


def test_what_a_later_run_deleted_goes_once_that_run_is_undone(
    gateway: RunningGateway, run: Callable[[str], str]
) -> None:
    gateway.create("company", run("c"), run_id=run("r"), title="A")
    _delete(gateway, "company", run("c"), run_id=run("later"))
    assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "kept", "LATER_RUN")]}
    assert _roll_back(gateway, run("later")) == {"company": [(run("c"), "restored", None)]}
    assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "deleted", None)]}


@pytest.mark.parametrize("changed", ['data = \'{"title": "Own"}\'', "checksum = 'x'"])
def test_what_was_changed_in_the_target_is_kept(
    gateway: RunningGateway, run: Callable[[str], str], changed: str
) -> None:
    gateway.create("company", run("c"), run_id=run("r"), title="A")
    gateway.sql(f"UPDATE records SET {changed} WHERE source_id = ?", run("c"))
    assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "kept", "LOCALLY_CHANGED")]}


def test_an_updated_record_that_was_removed_in_the_target_is_not_brought_back(
    gateway: RunningGateway, run: Callable[[str], str]
) -> None:
    gateway.create("company", run("c"), run_id=run("before"), title="A")
    gateway.write("company", item("company", run("c"), {"title": "B"}), run_id=run("r"))
    gateway.sql("DELETE FROM records WHERE source_id = ?", run("c"))
    assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "kept", "LOCALLY_CHANGED")]}


def test_what_a_record_of_another_run_refers_to_is_kept(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    company = gateway.create("company", run("c"), run_id=run("r"), title="A")
    gateway.create("contact", run("n"), run_id=run("other"), name="N", company_id=company)
    assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "kept", "REFERENCED")]}


@pytest.mark.parametrize("limit", [1, 1000])
def test_a_tree_goes_whole_whatever_the_pages(gateway: RunningGateway, run: Callable[[str], str], limit: int) -> None:
    parent = None
    for name in "abc":
        parent = gateway.create("department", run(name), run_id=run("r"), name=name, parent_id=parent)
    outcomes = _undo(gateway, run("r"), "delete", "department", limit)
    assert outcomes == [(run(name), "deleted", None) for name in "abc"]
    assert gateway.read("department", run("a"), run("b"), run("c")) == {}


def test_a_circle_that_a_patch_closed_goes_whole(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    department = gateway.create("department", run("d"), run_id=run("r"), name="D")
    head = gateway.create("user", run("u"), run_id=run("r"), **user(8101, department_ids=[department]))
    patch = item("department", run("d"), {"name": "D", "head_user_id": head})
    gateway.write("department", patch, run_id=run("r"))
    assert _roll_back(gateway, run("r")) == {
        "user": [(run("u"), "deleted", None)],
        "department": [(run("d"), "deleted", None)],
    }


def test_a_tree_stays_from_where_another_run_holds_it(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    root = gateway.create("department", run("a"), run_id=run("r"), name="A")
    middle = gateway.create("department", run("b"), run_id=run("r"), name="B", parent_id=root)
    gateway.create("department", run("c"), run_id=run("r"), name="C", parent_id=middle)
    gateway.create("user", run("u"), run_id=run("other"), **user(8102, department_ids=[middle]))
    assert _roll_back(gateway, run("r")) == {
        "department": [
            (run("a"), "kept", "REFERENCED"),
            (run("b"), "kept", "REFERENCED"),
            (run("c"), "deleted", None),
        ]
    }


def test_records_of_all_entities_that_one_run_made_go_together(
    gateway: RunningGateway, run: Callable[[str], str]
) -> None:
    def create(entity: str, **data: Json) -> str:
        return gateway.create(entity, run("x"), run_id=run("r"), **data)

    person = create("user", **user(8103, department_ids=[create("department", name="D")]))
    group = create("group", name="G", owner_id=person)
    create("chat_message", chat_id=create("chat", owner_id=person), author_id=person, sent_at=NOW)
    create("feed_comment", post_id=create("feed_post", author_id=person, published_at=NOW), created_at=NOW)
    task = create("task", title="T", responsible_id=person, group_id=group)
    create("task_comment", task_id=task, created_at=NOW)
    contact = create("contact", company_id=create("company", title="C"))
    deal = create("deal", title="D", stage_id="NEW", contact_ids=[contact])
    create("smart_process_item", entity_type_id="128", title="I", parents=[{"entity_type_id": "2", "id": deal}])
    create("workflow_template", name="W", author_id=person)
    assert _roll_back(gateway, run("r")) == {entity: [(run("x"), "deleted", None)] for entity in METHODS}


def test_a_record_that_the_run_deleted_and_made_anew_has_its_target_id_back(
    gateway: RunningGateway, run: Callable[[str], str]
) -> None:
    first = gateway.create("company", run("c"), run_id=run("before"), title="A")
    _delete(gateway, "company", run("c"), run_id=run("r"))
    gateway.create("company", run("c"), run_id=run("r"), title="B")
    assert _roll_back(gateway, run("r")) == {"company": [(run("c"), "restored", None)]}
    record = gateway.read("company", run("c"))[run("c")]
    assert (record["target_id"], record["data"]) == (first, {"title": "A"})


def test_an_earlier_version_whose_email_is_taken_meanwhile_is_not_brought_back(
    gateway: RunningGateway, run: Callable[[str], str]
) -> None:
    gateway.create("user", run("u"), run_id=run("before"), **user(8001))
    gateway.write("user", item("user", run("u"), user(8002)), run_id=run("r"))
    gateway.create("user", run("v"), run_id=run("later"), **user(8001))
    assert _roll_back(gateway, run("r")) == {"user": [(run("u"), "failed", "CONFLICT")]}
    assert gateway.read("user", run("u"))[run("u")]["data"] == user(8002)


def test_references_of_a_restored_record_hold_again(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    company = gateway.create("company", run("c"), title="A")
    gateway.create("contact", run("n"), run_id=run("before"), company_id=company)
    gateway.write("contact", item("contact", run("n"), {}), run_id=run("r"))
    _roll_back(gateway, run("r"))
    assert [one["code"] for one in _delete(gateway, "company", run("c"), run_id="d")["failed"]] == ["REFERENCED"]


def test_what_cannot_be_undone_for_the_moment_fails_alone(gateway: RunningGateway, run: Callable[[str], str]) -> None:
    for name in "ab":
        gateway.create("company", run(name), run_id=run("r"), title=name)
    with gateway.stumbling("DELETE", "records", run("a")):
        assert _undo(gateway, run("r"), "delete", "company") == [
            (run("a"), "failed", "TRANSIENT"),
            (run("b"), "deleted", None),
        ]
    assert _undo(gateway, run("r"), "delete", "company")[0] == (run("a"), "deleted", None)


def test_a_run_nobody_knows_has_nothing_to_undo(gateway: RunningGateway) -> None:
    assert _roll_back(gateway, "never-was") == {}
