"""Several webhooks of one portal: which one reads what, and what they share."""

from functools import partial

import pytest

from connectors.bitrix24.lanes import Lane
from connectors.bitrix24.portal import portal_of
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import OpenBudget, connected


def _silent(_parameters: JsonObject) -> JsonObject:
    return {"result": []}


def _profile(user: str, admin: Json, _parameters: JsonObject) -> JsonObject:
    return {"result": {"result": {"profile": {"ID": user, "ADMIN": admin}, "scope": ["user"]}}}


def webhook(user: str, *scopes: str, admin: bool = True) -> Webhook:
    return Webhook(user, "", admin, frozenset(scopes) if scopes else None, connected(_silent))


async def test_each_scope_can_have_a_webhook_of_its_own() -> None:
    webhooks = Webhooks([], (webhook("1", "crm"), webhook("1", "task"), webhook("2", "im", "task")))
    assert (await webhooks.first("task")).scopes == frozenset({"task"})
    assert [one.user for one in await webhooks.with_scope("task")] == ["1", "2"]
    found = await webhooks.of_user("1", "task")
    assert found is not None
    assert found.scopes == frozenset({"task"})
    assert await webhooks.of_user("1", "im") is None


async def test_a_scope_that_no_webhook_has_stops_what_needs_it() -> None:
    with pytest.raises(EntityStopped, match="'disk'"):
        await Webhooks([], (webhook("1", "crm"),)).first("disk")


async def test_two_webhooks_of_one_user_read_a_list_once() -> None:
    webhooks = Webhooks([], (webhook("1", "im", "crm"), webhook("1", "im")))
    assert len(await webhooks.with_scope("im")) == 1


async def test_a_webhook_whose_scopes_are_not_told_may_be_tried_for_all() -> None:
    assert (await Webhooks([], (webhook("1"),)).first("crm")).user == "1"


async def test_an_administrator_goes_first() -> None:
    transports = [connected(partial(_profile, "7", False)), connected(partial(_profile, "8", True))]
    assert [one.user for one in await Webhooks(transports).known()] == ["8", "7"]


@pytest.mark.parametrize(
    ("told", "admin"),
    [(True, True), ("Y", True), ("1", True), (1, True), (False, False), ("N", False), ("0", False), (0, False)],
)
async def test_a_portal_may_write_who_is_an_administrator_in_any_form(told: Json, admin: bool) -> None:
    (webhook,) = await Webhooks([connected(partial(_profile, "7", told))]).known()
    assert webhook.admin is admin


@pytest.mark.parametrize("profile", [{"ID": "7"}, [], None])
async def test_a_portal_may_keep_silent_about_who_is_an_administrator(profile: Json) -> None:
    answer: JsonObject = {"result": {"result": {"profile": profile, "scope": ["user"]}}}
    (webhook,) = await Webhooks([connected(lambda _body: answer)]).known()
    assert webhook.admin is None


async def test_a_method_rests_for_the_webhook_that_the_portal_refused_alone() -> None:
    budget = OpenBudget()
    await Lane(budget, 0).throttled("user.get", 30.0)
    await Lane(budget, 1).throttled("user.get", 60.0)
    (first, _), (second, _) = budget.told
    assert first == "user.get" != second


def test_webhooks_of_two_portals_are_refused_without_being_quoted() -> None:
    with pytest.raises(ValueError, match="one portal") as refusal:
        portal_of(["https://a.example/rest/1/s3cret-a/", "https://b.example/rest/1/s3cret-b/"])
    assert "s3cret" not in str(refusal.value)
