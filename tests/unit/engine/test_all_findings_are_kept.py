"""Nothing that a proof found is left out: counted exactly, and listed page by page."""

import pytest

from shared.engine.proof.keeping import LINES
from shared.engine.proof.proofs import MOST_FINDINGS
from shared.engine.runs.flaws import Place
from shared.model.json import JsonObject
from shared.model.run import Run, RunMode, RunOptions
from tests.unit.engine.conftest import World

FOREIGN = 2 * LINES + 500


@pytest.fixture
async def proven(world: World) -> Run:
    """All users are gone from the target, where others made many of their own; each group is called otherwise."""
    await world.drive((await world.start()).run_id)
    for number in world.portal.records["user"]:
        del world.gateway.records["user", str(number)]
    for number in world.portal.records["group"]:
        group = world.gateway.records["group", str(number)]
        group.data = {**group.data, "name": "other"}
    world.gateway.foreign["user"] = [f"f{number:05d}" for number in range(FOREIGN)]
    world.options = RunOptions(sample=0.0)
    return await world.drive((await world.start(RunMode.VALIDATE)).run_id)


async def _pages(world: World, run: Run, size: int, entity: str | None = None) -> list[list[JsonObject]]:
    pages, after = list[list[JsonObject]](), None
    while True:
        page, after = await world.proofs.findings(run, size, entity=entity, after=after)
        pages.append(page)
        if after is None:
            return pages


def _keys(findings: list[JsonObject]) -> list[tuple[str, ...]]:
    return [tuple(str(one[name]) for name in ("entity", "kind", "source_id", "target_id", "field")) for one in findings]


@pytest.mark.parametrize("size", [7, LINES, 10 * LINES])
async def test_all_are_listed_once_however_large_the_pages(world: World, proven: Run, size: int) -> None:
    pages = await _pages(world, proven, size)
    assert {len(page) for page in pages[:-1]} <= {size}
    keys = _keys([one for page in pages for one in page])
    assert len(set(keys)) == len(keys)
    kinds = [kind for _, kind, *_ in keys]
    assert (kinds.count("missing"), kinds.count("foreign")) == (130, FOREIGN)


async def test_the_proof_names_some_and_says_how_many_more_there_are(world: World, proven: Run) -> None:
    entities = (await world.proofs.of(proven))["entities"]
    listed = [one for page in await _pages(world, proven, LINES) for one in page]
    for name, entity in entities.items():
        total = sum(one["entity"] == name for one in listed)
        assert entity["figures"]["findings"] == total == len(entity["findings"]) + entity["more"]
        assert len(entity["findings"]) <= MOST_FINDINGS
    assert entities["user"]["more"] == 130 + FOREIGN - MOST_FINDINGS


async def test_the_list_may_be_of_one_entity(world: World, proven: Run) -> None:
    (page,) = await _pages(world, proven, LINES, "group")
    assert {one["entity"] for one in page} == {"group"}
    assert sum(one["field"] == "name" for one in page) == len(world.portal.records["group"])


async def test_behind_the_last_there_is_nothing(world: World, proven: Run) -> None:
    assert await world.proofs.findings(proven, 5, after=Place("user", 99, "v-0000000-000", 0)) == ([], None)
