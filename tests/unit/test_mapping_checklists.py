"""The checklists of a task, made of the flat list that the portal tells."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from plans.bitrix24_onprem.makers.tasks import checklists
from shared.model.json import Json, JsonObject
from shared.model.records import SourceRecord
from shared.transform.making import Making


def items_of(rows: Iterable[JsonObject]) -> list[JsonObject]:
    made: list[JsonObject] = checklists(Making("task", SourceRecord("8", {"checklist": [*rows]}), ("checklist",), {}))
    return made


def row(number: int, parent: Json, sort: Json = "0", done: str = "N") -> JsonObject:
    return {"ID": str(number), "PARENT_ID": parent, "TITLE": f"#{number}", "SORT_INDEX": sort, "IS_COMPLETE": done}


ROWS = st.integers(1, 12).flatmap(
    lambda count: st.tuples(
        *(
            st.builds(
                row,
                st.just(number),
                st.one_of(st.sampled_from([0, "0", None]), st.integers(1, count + 2).map(str)),
                st.sampled_from(["0", "1", "2", 3, "", None, "x"]),
                st.sampled_from("YN"),
            )
            for number in range(1, count + 1)
        )
    )
)


def is_checklist(one: JsonObject) -> bool:
    return one["PARENT_ID"] in (0, "0", None)


def top(number: str, parents: dict[str, str]) -> str:
    """What is above an item as far up as it goes; any item of a circle."""
    for _ in parents:
        number = parents.get(number, number)
    return number


@given(ROWS)
def test_no_item_is_lost_whatever_the_parents_say(rows: Sequence[JsonObject]) -> None:
    made = items_of(rows)
    titles = [one["title"] for one in made if one["title"]]
    items = Counter((item["title"], item["done"]) for one in made for item in one["items"])
    assert sorted(titles) == sorted(one["TITLE"] for one in rows if is_checklist(one))
    assert items == Counter((one["TITLE"], one["IS_COMPLETE"] == "Y") for one in rows if not is_checklist(one))


@given(ROWS)
def test_an_item_stands_in_the_checklist_above_it_or_among_the_strays(rows: Sequence[JsonObject]) -> None:
    roots = {one["ID"]: one["TITLE"] for one in rows if is_checklist(one)}
    parents = {one["ID"]: one["PARENT_ID"] for one in rows if not is_checklist(one)}
    expected = {one["TITLE"]: roots.get(top(one["ID"], parents)) for one in rows if not is_checklist(one)}
    assert {item["title"]: one["title"] for one in items_of(rows) for item in one["items"]} == expected


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_answer_makes_no_difference(rows: Sequence[JsonObject], chance: random.Random) -> None:
    assert items_of(chance.sample(rows, len(rows))) == items_of(rows)


def test_items_follow_each_other_as_they_are_read() -> None:
    rows = [row(1, 0), row(2, "1", "5"), row(3, "1", "1"), row(4, "3", "9"), row(5, "3", "2"), row(6, 0, "1")]
    assert [(one["title"], [item["title"] for item in one["items"]]) for one in items_of(rows)] == [
        ("#1", ["#3", "#5", "#4", "#2"]),
        ("#6", []),
    ]


def test_strays_come_last_without_a_title_each_with_what_is_below_it() -> None:
    rows = [row(1, "77", "5"), row(2, "1"), row(3, "4"), row(4, "3"), row(5, 0, "9")]
    assert [(one["title"], [item["title"] for item in one["items"]]) for one in items_of(rows)] == [
        ("#5", []),
        (None, ["#1", "#2", "#3", "#4"]),
    ]


def test_a_chain_of_any_length_is_no_trouble() -> None:
    rows = [row(1, 0), *(row(number, str(number - 1)) for number in range(2, 3000))]
    assert len(items_of(rows)[0]["items"]) == 2998
