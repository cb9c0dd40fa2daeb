"""Definitions of custom fields: many kinds of records to a batch, and none of them at the cost of another."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import pytest

from connectors.bitrix24.families.custom_fields import CLASSIC, CustomFieldReader
from connectors.bitrix24.listing import PAGE
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, PortageError, RetryLater, RunStopped, SlowDown
from shared.model.json import Json, JsonObject
from shared.model.records import SourcePage, SourceRecord
from tests.unit.bitrix24_stand_in import NothingYet, connected, introduced

_KINDS = {listing.method: kind for kind, listing in CLASSIC.items()}


def failure(code: str) -> JsonObject:
    return {"error": code, "error_description": ""}


@dataclass
class Portal:
    """Fields by kind: one of every classic kind, and of smart processes those that are ``told``.

    A field whose number can be divided by ten is an enumeration. ``failures`` are codes by kind or number of a field,
    taken one by one; of ``denied`` each time.
    """

    told: dict[str, list[int]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    batches: list[dict[str, str]] = field(default_factory=list)

    def answer(self, body: JsonObject) -> JsonObject:
        self.batches.append(body["cmd"])
        sections: dict[str, dict[str, Json]] = {
            name: {} for name in ("result", "result_error", "result_next", "result_total")
        }
        for key, command in body["cmd"].items():
            method, _, query = command.partition("?")
            parameters = dict(parse_qsl(query))
            about = parameters.get("id") or parameters.get("filter[entityId]") or _KINDS[method]
            if code := self._failure(about):
                sections["result_error"][key] = failure(code)
            elif method == "userfieldconfig.get":
                sections["result"][key] = {"field": {"id": about, "enum": [{"id": "1", "value": f"of {about}"}]}}
            elif method == "userfieldconfig.list":
                self.page(about, int(parameters.get("start", 0)), key, sections)
            else:
                sections["result"][key] = [{"ID": "1", "FIELD_NAME": "UF_A", "USER_TYPE_ID": "string"}]
        return {"result": {name: section or [] for name, section in sections.items()}}

    def page(self, kind: str, start: int, key: str, sections: dict[str, dict[str, Json]]) -> None:
        numbers = self.told[kind]
        sections["result"][key] = {"fields": [as_field(one) for one in numbers[start : start + PAGE]]}
        sections["result_total"][key] = len(numbers)
        if start + PAGE < len(numbers):
            sections["result_next"][key] = start + PAGE

    def _failure(self, about: str) -> str | None:
        passing = self.failures.get(about)
        return passing.pop(0) if passing else self.denied.get(about)


def as_field(number: int) -> JsonObject:
    kind = "enumeration" if number % 10 == 0 else "string"
    return {"id": str(number), "fieldName": f"UF_{number}", "userTypeId": kind}


class Smart(NothingYet):
    """Forty smart processes were read."""

    async def pages(self, entity: str) -> tuple[str, ...]:
        return (entity,)

    async def rows(self, _page: str) -> tuple[SourceRecord, ...]:
        return tuple(SourceRecord(str(one), {}) for one in range(1, 41))


async def read_all(reader: CustomFieldReader, *cursors: JsonObject) -> list[SourcePage]:
    """Every page, asked for again when it stumbles."""
    pages: list[SourcePage] = []
    for cursor in cursors:
        following: JsonObject | None = cursor
        for _ in range(40):
            if following is None:
                break
            try:
                pages.append(await reader.read(following, NothingYet()))
            except (RetryLater, SlowDown):
                continue
            following = pages[-1].next
        else:
            raise AssertionError("the lists do not end")
    return pages


def begun(*kinds: str) -> JsonObject:
    return {"kinds": {kind: {} for kind in kinds}}


def ids(pages: Iterable[SourcePage]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def of(kind: str, numbers: Iterable[int]) -> list[str]:
    return [f"{kind}:UF_{one}" for one in numbers]


def lost(pages: Iterable[SourcePage]) -> list[tuple[str, str]]:
    return [(one.id, one.reason) for page in pages for one in page.lost]


async def test_all_kinds_come_in_one_call_and_all_their_values_in_another() -> None:
    portal = Portal({"CRM_1": [10, 11], "CRM_2": [20]})
    (page,) = await read_all(CustomFieldReader(introduced(portal.answer)), begun(*CLASSIC, "CRM_1", "CRM_2"))
    assert ids([page]) == [*(f"{kind}:UF_A" for kind in CLASSIC), *of("CRM_1", [10, 11]), *of("CRM_2", [20])]
    assert (page.calls, len(portal.batches)) == (2, 2)


async def test_values_go_to_the_enumeration_that_they_are_of() -> None:
    reader = CustomFieldReader(introduced(Portal({"CRM_1": [10, 11], "CRM_2": [20]}).answer))
    (page,) = await read_all(reader, begun("CRM_1", "CRM_2"))
    values = {one.id: [value["value"] for value in one.data.get("enum", [])] for one in page.records}
    assert values == {"CRM_1:UF_10": ["of 10"], "CRM_1:UF_11": [], "CRM_2:UF_20": ["of 20"]}


async def test_forty_smart_processes_come_whole_in_three_batches_of_lists() -> None:
    portal = Portal({f"CRM_{kind}": [100 * kind + 1] for kind in range(1, 41)})
    reader = CustomFieldReader(introduced(portal.answer))
    cut = await reader.cut(8, Smart())
    pages = await read_all(reader, *cut.cursors)
    assert sorted(ids(pages)) == sorted(
        [*(f"{kind}:UF_A" for kind in CLASSIC), *(f"CRM_{kind}:UF_{100 * kind + 1}" for kind in range(1, 41))]
    )
    assert [len(batch) for batch in portal.batches] == [20, 20, 5]


async def test_more_fields_than_fit_on_a_page_come_whole_and_those_of_others_once() -> None:
    portal = Portal({"CRM_1": list(range(1, 121)), "CRM_2": [201]})
    pages = await read_all(CustomFieldReader(introduced(portal.answer)), begun("CRM_1", "CRM_2"))
    assert sorted(ids(pages)) == sorted([*of("CRM_1", range(1, 121)), *of("CRM_2", [201])])
    assert [[key for key in batch if key.startswith("CRM_")] for batch in portal.batches[::2]] == [
        ["CRM_1", "CRM_2"],
        ["CRM_1"],
        ["CRM_1"],
    ]


async def test_more_enumerations_than_fit_into_a_batch_all_have_their_values() -> None:
    kinds = {f"CRM_{kind}": [1000 * kind + 10 * one for one in range(20)] for kind in range(1, 5)}
    pages = await read_all(CustomFieldReader(introduced(Portal(kinds).answer)), begun(*kinds))
    assert len(ids(pages)) == 80
    assert all(one.data["enum"] for page in pages for one in page.records)


async def test_a_kind_that_is_denied_is_lost_and_costs_no_other() -> None:
    portal = Portal({"CRM_1": [11], "CRM_2": [21]}, denied={"CRM_1": "ACCESS_DENIED", "USER": "ERROR_METHOD_NOT_FOUND"})
    pages = await read_all(CustomFieldReader(introduced(portal.answer)), begun("USER", "CRM_DEAL", "CRM_1", "CRM_2"))
    assert ids(pages) == ["CRM_DEAL:UF_A", *of("CRM_2", [21])]
    assert sorted(lost(pages)) == [("CRM_1", "source.denied"), ("USER", "source.method_missing")]
    assert len(portal.batches) == 1


async def test_a_kind_that_is_denied_halfway_keeps_what_was_read_of_it() -> None:
    portal = Portal({"CRM_1": list(range(1, 61))})
    reader = CustomFieldReader(introduced(portal.answer))
    first = await reader.read(begun("CRM_1"), NothingYet())
    portal.denied["CRM_1"] = "ACCESS_DENIED"
    pages = [first, *await read_all(reader, first.next or {})]
    assert (ids(pages), lost(pages)) == (of("CRM_1", range(1, 51)), [("CRM_1", "source.denied")])


async def test_kinds_are_asked_of_the_webhook_that_has_their_scope() -> None:
    crm, people = Portal(), Portal()
    known = (
        Webhook("1", "Anna", True, frozenset({"crm"}), connected(crm.answer)),
        Webhook("1", "Anna", True, frozenset({"user.userfield"}), connected(people.answer)),
    )
    (page,) = await read_all(CustomFieldReader(Webhooks([], known)), begun("CRM_DEAL", "USER", "CRM_CONTACT", "CRM_1"))
    assert ids([page]) == ["CRM_DEAL:UF_A", "CRM_CONTACT:UF_A", "USER:UF_A"]
    assert lost([page]) == [("CRM_1", "source.denied")]
    assert ([*crm.batches[0]], [*people.batches[0]]) == (["CRM_DEAL", "CRM_CONTACT"], ["USER"])


async def test_a_webhook_whose_batches_are_refused_costs_the_kinds_of_another_nothing() -> None:
    def refuse(_body: JsonObject) -> JsonObject:
        raise EntityStopped("source.denied", "batch: ACCESS_DENIED")

    known = (
        Webhook("1", "Anna", True, frozenset({"crm"}), connected(refuse)),
        Webhook("2", "Boris", True, frozenset({"user.userfield"}), connected(Portal().answer)),
    )
    pages = await read_all(CustomFieldReader(Webhooks([], known)), begun("CRM_DEAL", "USER"))
    assert (ids(pages), lost(pages)) == (["USER:UF_A"], [("CRM_DEAL", "source.denied")])


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "OPERATION_TIME_LIMIT", "QUERY_LIMIT_EXCEEDED"])
@pytest.mark.parametrize("about", ["USER", "CRM_1", "10"])
async def test_what_stumbles_is_asked_for_again_and_nothing_is_lost(code: str, about: str) -> None:
    portal = Portal({"CRM_1": [10, *range(11, 71)], "CRM_2": [201]}, failures={about: [code] * 2})
    pages = await read_all(CustomFieldReader(introduced(portal.answer)), begun("USER", "CRM_1", "CRM_2"))
    assert sorted(ids(pages)) == sorted(["USER:UF_A", *of("CRM_1", range(10, 71)), *of("CRM_2", [201])])
    assert lost(pages) == []
    assert all(
        one.data["enum"] for page in pages for one in page.records if one.data.get("userTypeId") == "enumeration"
    )


async def test_a_kind_that_stumbles_without_end_does_not_hold_up_the_others() -> None:
    portal = Portal({"CRM_1": [11], "CRM_2": [21]}, denied={"CRM_1": "INTERNAL_SERVER_ERROR"})
    reader = CustomFieldReader(introduced(portal.answer))
    page = await reader.read(begun("CRM_1", "CRM_2"), NothingYet())
    assert (ids([page]), page.lost, page.next) == (of("CRM_2", [21]), (), begun("CRM_1"))
    with pytest.raises(RetryLater):
        await reader.read(page.next or {}, NothingYet())


async def test_a_list_that_is_none_does_not_hold_up_the_others() -> None:
    def answer(_body: JsonObject) -> JsonObject:
        return {"result": {"result": {"CRM_1": None, "CRM_2": {"fields": [as_field(21)]}}}}

    page = await CustomFieldReader(introduced(answer)).read(begun("CRM_1", "CRM_2"), NothingYet())
    assert (ids([page]), page.next) == (of("CRM_2", [21]), begun("CRM_1"))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("OVERLOAD_LIMIT", RunStopped),
        ("QUERY_LIMIT_EXCEEDED", SlowDown),
        ("INTERNAL_SERVER_ERROR", RetryLater),
    ],
)
async def test_a_portal_that_answers_nothing_is_left_for_later(code: str, error: type[PortageError]) -> None:
    portal = Portal(denied=dict.fromkeys(("USER", "CRM_DEAL"), code))
    with pytest.raises(error):
        await CustomFieldReader(introduced(portal.answer)).read(begun("USER", "CRM_DEAL"), NothingYet())


class Beginning(Portal):
    """Beyond the end its lists begin again, and promise more for ever."""

    def page(self, kind: str, start: int, key: str, sections: dict[str, dict[str, Json]]) -> None:
        super().page(kind, start if start < len(self.told[kind]) else 0, key, sections)
        sections["result_next"][key] = start + PAGE


async def test_a_list_that_begins_again_is_over() -> None:
    portal = Beginning({"CRM_1": list(range(1, 101)), "CRM_2": [201]})
    pages = await read_all(CustomFieldReader(introduced(portal.answer)), begun("CRM_1", "CRM_2"))
    assert sorted(ids(pages)) == sorted([*of("CRM_1", range(1, 101)), *of("CRM_2", [201])])
    assert len(pages) == 3


@pytest.mark.parametrize("following", [0, 50])
async def test_an_offset_that_does_not_grow_ends_the_list(following: int) -> None:
    class Stuck(Portal):
        def page(self, kind: str, start: int, key: str, sections: dict[str, dict[str, Json]]) -> None:
            super().page(kind, start, key, sections)
            if start:
                sections["result_next"][key] = following

    reader = CustomFieldReader(introduced(Stuck({"CRM_1": list(range(1, 101))}).answer))
    pages = await read_all(reader, begun("CRM_1"))
    assert (ids(pages), len(pages)) == (of("CRM_1", range(1, 101)), 2)


@pytest.mark.parametrize("added", [[], [121]])
async def test_a_field_that_moved_up_past_the_reader_is_found_when_the_list_is_read_again(added: list[int]) -> None:
    class Shrinking(Portal):
        def page(self, kind: str, start: int, key: str, sections: dict[str, dict[str, Json]]) -> None:
            if start == PAGE and 7 in self.told[kind]:
                self.told[kind].remove(7)  # so that field 51 is on the first page now
            if start == 2 * PAGE and 121 not in self.told[kind]:
                self.told[kind] += added  # so that as many were read as are counted
            super().page(kind, start, key, sections)

    reader = CustomFieldReader(introduced(Shrinking({"CRM_1": list(range(1, 121))}).answer))
    assert sorted(ids(await read_all(reader, begun("CRM_1")))) == sorted(of("CRM_1", [*range(1, 121), *added]))


async def test_a_list_that_never_holds_what_it_counts_is_read_a_few_times_only() -> None:
    class Boasting(Portal):
        def page(self, kind: str, start: int, key: str, sections: dict[str, dict[str, Json]]) -> None:
            super().page(kind, start, key, sections)
            sections["result_total"][key] = len(self.told[kind]) + 1

    portal = Boasting({"CRM_1": [11, 12]})
    assert ids(await read_all(CustomFieldReader(introduced(portal.answer)), begun("CRM_1"))) == of("CRM_1", [11, 12])
    assert len(portal.batches) == 4


async def test_values_that_are_denied_are_counted_and_cost_no_others() -> None:
    portal = Portal({"CRM_1": [10, 20], "CRM_2": [30]}, denied={"20": "ACCESS_DENIED"})
    (page,) = await read_all(CustomFieldReader(introduced(portal.answer)), begun("CRM_1", "CRM_2"))
    assert [one.id for one in page.records if "unread" in one.data] == of("CRM_1", [20])
    assert page.coverage == {"enum_unread": 1}


async def test_the_same_rows_are_made_again_of_what_is_archived() -> None:
    portal = Portal({"CRM_1": list(range(1, 121)), "CRM_2": [20]}, denied={"USER": "ACCESS_DENIED", "20": "NOT_FOUND"})
    pages = await read_all(CustomFieldReader(introduced(portal.answer)), begun("USER", "CRM_DEAL", "CRM_1", "CRM_2"))
    nobody = CustomFieldReader(Webhooks([]))
    assert [nobody.rows(page.raw) for page in pages] == [page.records for page in pages]


async def test_half_an_answer_is_no_page_without_fields() -> None:
    portal = Portal({"CRM_1": [11]})
    (page,) = await read_all(CustomFieldReader(introduced(portal.answer)), begun("CRM_1"))
    with pytest.raises(RetryLater):
        CustomFieldReader(Webhooks([])).rows(page.raw[:1])
