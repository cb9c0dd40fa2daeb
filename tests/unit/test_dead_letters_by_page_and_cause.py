"""Dead letters page by page, and what they have in common."""

import pytest

from shared.engine.causes import fingerprint
from shared.engine.dead_letters.grouping import by_cause
from shared.engine.letters import letters_of
from shared.model.records import DeadLetter
from shared.ports.stores import DeadLetters
from shared.storage.memory.rows import MemoryDeadLetters
from triggers.dead_letters import described, page
from triggers.problems import Problem


def letter(source_id: str, *, entity: str = "user", message: str | None = None, run_id: str = "r-1") -> DeadLetter:
    text = message or f"e-mail of user {source_id} is empty"
    cause = fingerprint(entity, "transform.missing_required", "email", text)
    return DeadLetter(run_id, entity, source_id, "transform.missing_required", text, 1, None, cause, "email")


async def stored(*letters: DeadLetter) -> DeadLetters:
    store = MemoryDeadLetters()
    await store.add(letters)
    return store


def ids(letters: list[DeadLetter]) -> list[str]:
    return [one.source_id for one in letters]


async def test_a_page_goes_on_where_the_one_before_ended() -> None:
    letters = await stored(*(letter(name) for name in ("2", "10", "1", "3", "11")))
    first, place = await page(letters, "r-1", 2, None)
    second, place = await page(letters, "r-1", 2, place)
    third, end = await page(letters, "r-1", 2, place)
    assert (ids(first), ids(second), ids(third), end) == (["1", "2"], ["3", "10"], ["11"], None)


async def test_a_full_last_page_is_known_to_be_the_last() -> None:
    assert (await page(await stored(letter("1"), letter("2")), None, 2, None))[1] is None


async def test_a_place_outlives_its_letter() -> None:
    letters = await stored(letter("a/1"), letter("a/2"), letter("a/3"))
    _, place = await page(letters, None, 1, None)
    await letters.remove("r-1", "user", ["a/1"])
    assert ids((await page(letters, None, 5, place))[0]) == ["a/2", "a/3"]


@pytest.mark.parametrize("text", ["17", "r-1/user", "r-1//17", "//"])
async def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="after"):
        await page(await stored(), None, 5, text)


def test_a_letter_comes_with_the_hint_of_its_reason() -> None:
    assert described(letter("1"))["hint"] == "Fill the field at the source or give it a default."


async def test_letters_that_differ_only_in_ids_share_a_cause() -> None:
    letters = letters_of(await stored(letter("9"), letter("10"), letter("4", message="e-mail is too long")))
    found = [(one["count"], one["example_id"], one["message"]) for one in await by_cause(letters)]
    assert found == [(2, "9", "e-mail of user 9 is empty"), (1, "4", "e-mail is too long")]


async def test_entities_have_causes_of_their_own() -> None:
    found = await by_cause(letters_of(await stored(letter("1"), letter("1", entity="group"))))
    assert [one["entity"] for one in found] == ["group", "user"]
