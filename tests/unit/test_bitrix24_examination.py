"""What the examination finds at portals that are odd: their clock, their kind, and methods they do not have."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from connectors.bitrix24.examination import examine
from connectors.bitrix24.families import NEEDS, READERS
from connectors.bitrix24.surveying.uses import HELPFUL, NEEDED, helped_by, losses, needing
from shared.model.errors import RunStopped, SlowDown
from shared.model.json import Json, JsonObject
from shared.ports.systems import Check, Severity
from tests.unit.bitrix24_stand_in import introduced

DENIED = {"error": "ACCESS_DENIED", "error_description": "Application context required"}
STUMBLED = {"error": "INTERNAL_SERVER_ERROR", "error_description": ""}


def portal(
    *,
    skew: float = 0,
    licence: JsonObject | None = None,
    cloud: bool = True,
    missing: str = "",
    closed: str = "",
    stumbling: str = "",
) -> Callable[[JsonObject], JsonObject]:
    """A portal that answers batches with what the examination asks for, and lists with nothing."""

    def one(method: str, query: str) -> Json:
        name = dict(parse_qsl(query)).get("name")
        if method == "server.time":
            return datetime.fromtimestamp(time.time() + skew, UTC).isoformat()
        if method == "app.info":
            return licence
        return {"isExisting": name != missing, "isAvailable": name != closed} if method == "method.get" else []

    def answer(body: JsonObject) -> JsonObject:
        commands = {key: line.partition("?") for key, line in body["cmd"].items()}
        results = {key: one(method, query) for key, (method, _, query) in commands.items()}
        errors = {key: DENIED for key, result in results.items() if result is None}
        errors |= {key: STUMBLED for key, (method, _, _) in commands.items() if method == stumbling}
        spent = {key: {"operating": 0.1} for key in commands} if cloud else []
        return {"result": {"result": results, "result_error": errors, "result_time": spent}}

    return answer


def is_trial(body: JsonObject) -> bool:
    return any(key.startswith("tried.") for key in body["cmd"])


async def examined(answer: Callable[[JsonObject], JsonObject], rate: float | None = 2) -> dict[str, Check]:
    checks = await examine("portal.example", introduced(answer), rate)
    return {check.name: check for check in checks}


async def test_a_clock_that_goes_right_is_well() -> None:
    assert (await examined(portal(skew=-200)))["portal portal.example"].ok


@pytest.mark.parametrize(("skew", "told"), [(-3600, "60 minutes behind"), (1200, "20 minutes ahead of")])
async def test_a_clock_that_is_more_than_five_minutes_off_is_a_warning(skew: float, told: str) -> None:
    check = (await examined(portal(skew=skew)))["portal portal.example"]
    assert (check.code, check.severity, told in check.detail) == ("source.clock_skew", Severity.WARNING, True)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (portal(), "cloud; its plan is told to applications only"),
        (portal(cloud=False), "as on a self-hosted portal"),
        (portal(licence={"LICENSE": "en_selfhosted"}), "self-hosted, licence en_selfhosted"),
        (portal(licence={"LICENSE": "de_ent10000"}), "cloud, licence de_ent10000"),
    ],
)
async def test_the_kind_of_the_portal_is_told(answer: Callable[[JsonObject], JsonObject], told: str) -> None:
    check = (await examined(answer))["portal kind"]
    assert (told in check.detail, check.ok, check.severity) == (True, True, Severity.INFO)


@pytest.mark.parametrize(
    ("answer", "rate", "told"),
    [
        (portal(), 5.0, "5 per second are set; cloud portals allow 2"),
        (portal(), 0.0, "no limit is set; cloud portals allow 2"),
        (portal(licence={"LICENSE": "de_ent1", "LICENSE_FAMILY": "ent"}), 2.0, "the Enterprise plan allows 5"),
        (portal(cloud=False), 2.0, "a self-hosted portal has no limit"),
    ],
)
async def test_a_rate_that_is_not_the_plans_is_told(
    answer: Callable[[JsonObject], JsonObject], rate: float, told: str
) -> None:
    assert told in (await examined(answer, rate))["portal rate"].detail


async def test_the_rate_of_the_plan_is_not_worth_a_word() -> None:
    assert "portal rate" not in await examined(portal(), 2.0)


async def test_a_method_that_the_portal_lacks_is_a_warning_of_what_is_not_read() -> None:
    check = (await examined(portal(missing="bizproc.workflow.template.list")))["bizproc.workflow.template.list"]
    assert (check.code, check.severity, check.entities) == (
        "source.method_missing",
        Severity.WARNING,
        ("workflow_template",),
    )
    assert "workflow_template cannot be read" in check.detail


@pytest.mark.parametrize(
    ("method", "entities", "told"),
    [
        ("crm.type.list", ("smart_process_type", "smart_process_item"), "smart_process_item cannot be read"),
        (
            "task.commentitem.getlist",
            ("task_comment",),
            "task_comment will lack the comments of the old task card (those in the chats of tasks come)",
        ),
    ],
)
async def test_a_missing_method_says_what_will_be_missing_with_it(
    method: str, entities: tuple[str, ...], told: str
) -> None:
    check = (await examined(portal(missing=method)))[method]
    assert (check.severity, check.entities, told in check.detail) == (Severity.WARNING, entities, True)
    assert check.fix


def test_every_method_that_helps_says_what_is_missing_without_it() -> None:
    helping = {name for names in HELPFUL.values() for name in names}
    assert [need.method for need in NEEDS if need.method in helping and not losses(need)] == []


@pytest.mark.parametrize(
    ("method", "severity"), [("crm.item.list", Severity.BLOCKER), ("tasks.task.getFields", Severity.WARNING)]
)
async def test_a_method_that_is_closed_blocks_what_cannot_be_read_without_it(method: str, severity: Severity) -> None:
    check = (await examined(portal(closed=method)))[method]
    assert (check.code, check.severity) == ("source.method_closed", severity)


async def test_a_trial_that_stumbles_could_not_be_asked_and_blocks_nothing() -> None:
    check = (await examined(portal(stumbling="user.get")))["user.get"]
    assert (check.severity, "could not be asked" in check.detail) == (Severity.WARNING, True)


async def test_methods_that_could_not_be_tried_at_all_are_one_finding() -> None:
    def answer(body: JsonObject) -> JsonObject:
        if is_trial(body):
            raise RunStopped("source.unauthorised", "expired_token")
        return portal()(body)

    unasked = [check for check in (await examined(answer)).values() if not check.ok]
    assert {(check.name, check.severity) for check in unasked} == {("methods tried as user 1", Severity.BLOCKER)}


async def test_what_stumbles_once_is_asked_again() -> None:
    trials: list[JsonObject] = []

    def answer(body: JsonObject) -> JsonObject:
        trials.extend([body] if is_trial(body) else [])
        if trials == [body]:
            raise SlowDown("source.throttled", "too many", retry_after=0.01)
        return portal()(body)

    assert [check for check in (await examined(answer)).values() if not check.ok] == []


def test_every_entity_says_which_methods_it_needs() -> None:
    assert NEEDED.keys() == READERS.keys()
    assert HELPFUL.keys() <= READERS.keys()


def test_every_method_that_is_tried_is_of_some_entity() -> None:
    assert [need.method for need in NEEDS if not needing(need) and not helped_by(need)] == []
