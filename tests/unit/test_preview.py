"""What a preview makes of two systems that answer as the test wants, and that it writes nothing."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from composition.preview import Preview
from shared.engine.job import Job, NotConfigured
from shared.model.errors import PortageError, RetryLater
from shared.model.json import JsonObject
from shared.model.plan import Entity, Plan
from shared.model.records import Capabilities, MethodLimit, SchemaNeeds
from shared.ports.stores import Stores
from shared.ports.surveys import EntitySize, MediaSize, Survey
from shared.ports.systems import Check, Severity, Source, Target
from shared.settings.configuration import Configuration
from shared.settings.layers import combined, of_environment
from shared.storage.memory.opening import open_memory_stores
from tests.unit.one_job import OneJob

PLAN = Plan(
    "demo",
    "Demo",
    "portal",
    "gateway",
    (
        Entity("department"),
        Entity("user", requires=("department",)),
        Entity("chat", archive_only=True),
        Entity("chat_message", archive_only=True, extract_after=("chat",)),
    ),
    "digest",
)
AWAY = RetryLater("source.unreachable", "ConnectError")
SHUT = RetryLater("target.unreachable", "ConnectError")


@dataclass
class Portal:
    """A source whose survey is given; other methods would be a defect of the preview."""

    told: Survey
    found: list[Check] = field(default_factory=list)
    trouble: PortageError | None = None

    async def identity(self) -> str:
        return "portal.example"

    async def checks(self) -> list[Check]:
        return self.found

    async def survey(self, _entities: object, _ranges: int) -> Survey:
        if self.trouble:
            raise self.trouble
        return self.told


@dataclass
class Gateway:
    """A target that describes itself; writing to it would be a defect of the preview."""

    trouble: PortageError | None = None
    found: list[Check] = field(default_factory=list)
    lacks: list[Check] = field(default_factory=list)

    async def capabilities(self) -> Capabilities:
        if self.trouble:
            raise self.trouble
        limits = {"department": MethodLimit(100, 600), "user": MethodLimit(50, 60)}
        return Capabilities("1.1", "store-1", "1", 5_000_000, limits)

    async def checks(self) -> list[Check]:
        return self.found

    async def schema_checks(self, _needs: SchemaNeeds) -> list[Check]:
        return self.lacks


def job(source: Portal, target: Gateway, missing: str | None = None) -> OneJob:
    needs = {"user": SchemaNeeds("user", ("UF_A",))}
    return OneJob(Job(PLAN, {}, cast("Source", source), cast("Target", target), needs=needs), missing)


SIZES = (
    EntitySize("department", 120, calls=3, reads=3),
    EntitySize("user", 1200, calls=697, reads=4),
    EntitySize("chat", None, "the list goes on", calls=None),
)
SURVEY = Survey(SIZES, media=MediaSize(98, 161_939, "a sample"), stored_bytes=5_000)


@pytest.fixture
def stores() -> Stores:
    return open_memory_stores()


def configured(**environment: str) -> Configuration:
    return Configuration(combined([of_environment(environment)]))


async def previewed(
    stores: Stores,
    portal: Portal,
    gateway: Gateway | None = None,
    *,
    entities: tuple[str, ...] = ("department", "user", "chat"),
    arrived: frozenset[str] = frozenset(),
    **settings: str,
) -> JsonObject:
    configuration = configured(PORTAGE_SOURCE_RATE="2", PORTAGE_SOURCE_BURST="40", **settings)
    return await Preview(configuration, stores, job(portal, gateway or Gateway())).of("demo", entities, arrived)


def named(preview: JsonObject) -> dict[str, JsonObject]:
    return {one["name"]: one for one in preview["entities"]}


def severity_of(preview: JsonObject) -> dict[str, str]:
    return {one["code"]: one["severity"] for one in preview["findings"]}


async def test_calls_to_the_target_come_of_the_pages_and_its_own_limits(stores: Stores) -> None:
    entities = named(await previewed(stores, Portal(SURVEY)))
    assert (entities["department"]["target_calls"], entities["user"]["target_calls"]) == (3, 24)


async def test_calls_that_prove_it_come_of_slices_lists_and_counts(stores: Stores) -> None:
    entities = named(await previewed(stores, Portal(SURVEY)))
    assert (entities["department"]["proof_calls"], entities["user"]["proof_calls"]) == (5, 15)


async def test_what_is_only_archived_makes_no_calls_to_the_target(stores: Stores) -> None:
    assert named(await previewed(stores, Portal(SURVEY)))["chat"]["target_calls"] is None


async def test_totals_are_sums_of_what_is_known_and_name_the_rest(stores: Stores) -> None:
    totals = (await previewed(stores, Portal(SURVEY)))["totals"]
    assert (totals["records"], totals["source_calls"], totals["target_calls"]) == (1320, 700, 27)
    assert (totals["media_bytes"], totals["stored_bytes"], totals["incomplete"]) == (161_939, 5_000, ["chat"])


async def test_hours_come_of_the_rate_after_the_burst_and_of_the_slower_side(stores: Stores) -> None:
    totals = (await previewed(stores, Portal(SURVEY)))["totals"]
    assert totals["source_hours"] == pytest.approx((700 - 40) / 2 / 3600, abs=1e-4)
    assert totals["target_hours"] == pytest.approx((3 / 600 + 24 / 60) / 60, abs=1e-4)
    assert totals["hours"] == max(totals["source_hours"], totals["target_hours"])


async def test_the_sources_other_limits_count_when_they_bind(stores: Stores) -> None:
    slow = Survey(SIZES, least_seconds=7200)
    assert (await previewed(stores, Portal(slow)))["totals"]["hours"] == 2.0


async def test_findings_are_the_checks_that_failed_and_information_with_the_gravest_first(stores: Stores) -> None:
    found = [
        Check("portal kind", True, "cloud", None, "source.portal_kind", Severity.INFO),
        Check("clock", False, "late", "set it", "source.clock_skew", Severity.WARNING),
        Check("user.get", True, "answers"),
        Check("scope crm", False, "lacking", "tick it", "source.scope_missing"),
    ]
    findings = (await previewed(stores, Portal(Survey(SIZES[:2]), found)))["findings"]
    assert [(one["severity"], one["code"]) for one in findings] == [
        ("blocker", "source.scope_missing"),
        ("warning", "source.clock_skew"),
        ("info", "source.portal_kind"),
    ]
    assert (findings[0]["message"], findings[0]["fix"]) == ("scope crm: lacking", "tick it")


async def test_what_concerns_other_entities_is_no_finding(stores: Stores) -> None:
    found = [Check("scope crm", False, "", None, "source.scope_missing", entities=("deal",))]
    assert severity_of(await previewed(stores, Portal(Survey(SIZES[:2]), found))) == {}


async def test_a_method_that_the_target_lacks_matters_only_for_what_is_written(stores: Stores) -> None:
    lacks = [Check(name, False, "", None, "target.method_missing", entities=(name,)) for name in ("chat", "user")]
    preview = await previewed(stores, Portal(SURVEY), Gateway(found=lacks))
    assert [one["message"] for one in preview["findings"] if one["severity"] == "blocker"] == ["user: "]


async def test_what_the_target_lacks_of_an_entity_is_a_finding(stores: Stores) -> None:
    gateway = Gateway(
        lacks=[Check("gateway custom fields", False, "UF_A", None, "target.field_missing", entities=("user",))]
    )
    preview = await previewed(stores, Portal(SURVEY), gateway)
    assert severity_of(preview)["target.field_missing"] == "blocker"


async def test_what_the_target_lacks_of_other_entities_is_no_finding(stores: Stores) -> None:
    gateway = Gateway(
        lacks=[Check("gateway custom fields", False, "UF_A", None, "target.field_missing", entities=("user",))]
    )
    preview = await previewed(stores, Portal(SURVEY), gateway, entities=("department",))
    assert "target.field_missing" not in severity_of(preview)


async def test_an_entity_of_which_nothing_is_known_is_a_warning(stores: Stores) -> None:
    assert severity_of(await previewed(stores, Portal(SURVEY))) == {"preview.not_counted": "warning"}


async def test_what_cannot_be_counted_for_one_reason_is_one_finding_with_its_entities(stores: Stores) -> None:
    note = "could not be asked: 401 expired_token"
    revoked = Survey(tuple(EntitySize(name, note=note) for name in ("department", "user", "chat")))
    (finding,) = (await previewed(stores, Portal(revoked)))["findings"]
    assert (finding["code"], finding["entities"]) == ("preview.not_counted", ["department", "user", "chat"])
    assert finding["message"] == f"size of department, user, chat: {note}"


async def test_what_will_not_come_for_want_of_a_method_is_said_beside_its_count(stores: Stores) -> None:
    lacks = Check("user.get", False, "no such method", "Update", "source.method_missing", Severity.WARNING, ("user",))
    preview = await previewed(stores, Portal(Survey(SIZES[:2]), [lacks]))
    entities = named(preview)
    assert entities["user"]["count_note"] == "some or all of it will not come, see user.get"
    assert (entities["department"]["count_note"], len(preview["findings"])) == (None, 1)


async def test_what_a_finding_tells_already_is_not_told_again_for_want_of_a_count(stores: Stores) -> None:
    unread = Survey((EntitySize("user", note="could not be asked: no such method"),))
    lacks = Check("user.get", False, "no such method", None, "source.method_missing", Severity.WARNING, ("user",))
    findings = (await previewed(stores, Portal(unread, [lacks]), entities=("department", "user")))["findings"]
    assert [one["code"] for one in findings] == ["source.method_missing"]


async def test_a_source_that_is_away_leaves_the_counts_open(stores: Stores) -> None:
    away = Survey(tuple(EntitySize(name, note="could not be asked: ConnectError") for name in ("department", "user")))
    preview = await previewed(stores, Portal(away, trouble=AWAY))
    assert {one["count_note"] for one in preview["entities"]} == {"could not be asked: ConnectError"}
    assert (preview["totals"]["records"], preview["target"]["contract"]) == (0, "1.1")


async def test_a_target_that_is_away_is_a_blocker_and_hides_nothing_of_the_source(stores: Stores) -> None:
    preview = await previewed(stores, Portal(SURVEY), Gateway(SHUT))
    assert (preview["target"], named(preview)["user"]["count"]) == (None, 1200)
    assert severity_of(preview)["target.unreachable"] == "blocker"


async def test_an_id_map_of_another_portal_is_a_blocker(stores: Stores) -> None:
    await stores.runs.bind("demo", "old.example", "store-1")
    assert severity_of(await previewed(stores, Portal(SURVEY)))["binding.other_portal"] == "blocker"


async def test_an_entity_that_lacks_what_it_needs_is_blocked(stores: Stores) -> None:
    preview = await previewed(stores, Portal(Survey(())), entities=("user",))
    assert severity_of(preview) == {"preview.entity_missing": "blocker"}


async def test_what_an_earlier_run_brought_in_is_not_missing(stores: Stores) -> None:
    preview = await previewed(stores, Portal(Survey(())), entities=("user",), arrived=frozenset({"department"}))
    assert preview["findings"] == []


async def test_a_preview_changes_nothing_in_storage(stores: Stores) -> None:
    await previewed(stores, Portal(SURVEY))
    assert (await stores.runs.list(), await stores.runs.binding("demo"), await stores.archive.names("")) == (
        [],
        None,
        [],
    )


async def test_a_missing_setting_is_told_by_its_name(stores: Stores) -> None:
    jobs = job(Portal(SURVEY), Gateway(), "PORTAGE_GATEWAY_URL is not set")
    with pytest.raises(NotConfigured, match="PORTAGE_GATEWAY_URL is not set"):
        await Preview(configured(), stores, jobs).of("demo", ("user",), frozenset())


async def test_a_plan_that_is_switched_off_is_found_and_counted_all_the_same(stores: Stores) -> None:
    preview = await previewed(stores, Portal(SURVEY), PORTAGE_DISABLED_PLANS="other, demo")
    assert (severity_of(preview)["preview.flag_disabled"], preview["totals"]["records"]) == ("blocker", 1320)
