"""Which posts are still shown: every webhook may see others, and none is asked for what is known already."""

from connectors.bitrix24.presence.posts import Posts
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.json import Json, JsonObject
from tests.unit.bitrix24_stand_in import connected

SEES = {"1": {"10", "11"}, "2": {"11", "12"}}


async def test_a_webhook_is_asked_only_for_posts_that_those_before_it_are_not_shown() -> None:
    asked: dict[str, set[str]] = {user: set() for user in SEES}

    def of(user: str) -> Webhook:
        def batch(body: JsonObject) -> JsonObject:
            results: dict[str, Json] = {}
            for key in body["cmd"]:
                asked[user].add(key.removeprefix("p"))
                results[key] = [{"ID": key.removeprefix("p")}] if key.removeprefix("p") in SEES[user] else []
            return {"result": {"result": results}}

        return Webhook(user, "", None, None, connected(batch))

    posts = Posts(Webhooks([], (of("1"), of("2"))))
    assert await posts.shown(["10", "11", "12", "13"]) == {"10", "11", "12"}
    assert asked == {"1": {"10", "11", "12", "13"}, "2": {"12", "13"}}
