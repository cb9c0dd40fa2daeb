"""Bad data before the main plan and a real gateway: each bad record becomes a dead letter, and the others go in."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from shared.model.records import DeadLetter
from shared.model.run import RunState
from tests.contract.bad_line import Answer, Line, gateway_over
from tests.unit.engine.whole_plan import ROWS, PlanWorld, Row, whole_plan
from tests.unit.gateway.gateway_process import RunningGateway, running

MAX_TEXT = 1_000
_RAN = count(1)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that takes short texts only."""
    with running(tmp_path_factory.mktemp("bad"), {"GATEWAY_MAX_TEXT": str(MAX_TEXT)}) as process:
        yield process


@pytest.fixture
async def world(line: Line) -> AsyncIterator[PlanWorld]:
    """The engine before that gateway; nothing of a portal yet."""
    world = whole_plan(0)
    async with gateway_over(line, world.stores.media) as world.target:
        yield world


class Numbers:
    """Ids that no other test has used."""

    def __init__(self) -> None:
        self.first = 100 * next(_RAN)

    def good(self, world: PlanWorld, *entities: str) -> None:
        """Three good records of each entity."""
        for entity in entities:
            world.portal.records[entity] |= {n: ROWS[entity](n) for n in range(self.first, self.first + 3)}

    def bad(self, world: PlanWorld, entity: str, **instead: object) -> str:
        """One more, in which something is wrong; its source id."""
        number = self.first + 50
        world.portal.records[entity][number] = ROWS[entity](self.first) | instead
        return str(number)


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


async def letters_after_a_run(world: PlanWorld, *entities: str) -> dict[str, DeadLetter]:
    """Of a run of these entities: its dead letters by source id; everything else is in."""
    run = await world.drive((await world.start(entities=entities)).run_id)
    letters = await world.stores.dead_letters.page(run.run_id)
    assert run.state is RunState.COMPLETED_WITH_ERRORS or not letters
    assert run.reason in (None, "proof.gate_failed"), run.message  # other tests left records of theirs at this gateway
    told = (await world.status(run.run_id))["entities"]
    for name in entities:
        lost = sum(letter.entity == name for letter in letters)
        assert (told[name]["imported"], told[name]["dead_lettered"]) == (len(world.portal.records[name]) - lost, lost)
    return {letter.source_id: letter for letter in letters}


PEOPLE = ("department", "user")


@pytest.mark.parametrize(
    ("entity", "needs", "instead", "reason", "field"),
    [
        ("task", ("group",), {"title": "  "}, "transform.missing_required", "title"),
        ("task", ("group",), {"status": None}, "transform.missing_required", "status"),
        ("task", ("group",), {"status": "99"}, "transform.bad_value", "status"),
        ("feed_post", ("group",), {"DATE_PUBLISH": "the day before"}, "transform.bad_value", "published_at"),
        ("feed_post", ("group",), {"DETAIL_TEXT": "x" * (MAX_TEXT + 1)}, "target.rejected_record", "body_html"),
        ("company", (), {"title": None}, "transform.missing_required", "title"),
        ("department", (), {"NAME": "x" * (MAX_TEXT + 1)}, "target.rejected_record", "name"),
    ],
    ids=["no title", "no status", "unknown status", "no date", "long text", "no name", "long name"],
)
async def test_a_bad_record_is_told_with_its_reason_and_the_others_go_in(
    world: PlanWorld,
    numbers: Numbers,
    entity: str,
    needs: tuple[str, ...],
    instead: Row,
    reason: str,
    field: str,
) -> None:
    numbers.good(world, *{*PEOPLE, *needs, entity})
    bad = numbers.bad(world, entity, **instead)
    letters = await letters_after_a_run(world, *dict.fromkeys((*PEOPLE, *needs, entity)))
    letter = letters.pop(bad)
    assert (letter.entity, letter.reason, letter.field) == (entity, reason, field)
    assert letter.raw_blob in await world.stores.archive.names("raw/")
    assert letters == {}


async def test_an_email_that_belongs_to_another_is_a_conflict(world: PlanWorld, numbers: Numbers) -> None:
    numbers.good(world, *PEOPLE)
    bad = numbers.bad(world, "user")
    letter = (await letters_after_a_run(world, *PEOPLE))[bad]
    assert (letter.reason, letter.field) == ("target.conflict", "email")


async def test_what_depends_on_a_bad_record_is_told_too(world: PlanWorld, numbers: Numbers) -> None:
    numbers.good(world, *PEOPLE, "group", "task", "task_comment")
    bad = numbers.bad(world, "task", title=None)
    comment = numbers.bad(world, "task_comment", task_id=int(bad))
    letters = await letters_after_a_run(world, *PEOPLE, "group", "task", "task_comment")
    assert {one: letter.reason for one, letter in letters.items()} == {
        bad: "transform.missing_required",
        f"f{comment}": "reference.missing",
    }


@pytest.mark.parametrize("wrong", [{"deadline": "the day after"}, {"priority": "9"}], ids=["date", "enumeration"])
async def test_a_record_goes_in_without_an_optional_value_that_makes_no_sense(
    world: PlanWorld, numbers: Numbers, process: RunningGateway, wrong: Row
) -> None:
    numbers.good(world, *PEOPLE, "group", "task")
    flawed = numbers.bad(world, "task", **wrong)
    assert await letters_after_a_run(world, *PEOPLE, "group", "task") == {}
    (field,) = wrong
    assert process.read("task", flawed)[flawed]["data"][field] is None


async def test_the_gateway_is_asked_what_it_lacks_before_the_first_record(
    world: PlanWorld, numbers: Numbers, line: Line
) -> None:
    numbers.good(world, *PEOPLE)
    assert await letters_after_a_run(world, *PEOPLE) == {}
    told = [next((name for name in ("codes", "items") if name in body), "") for body in line.bodies]
    assert told.index("codes") < told.index("items")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((500, b"Internal Server Error"), "target.kept_stumbling"),
        ((400, b'{"error": "MALFORMED", "message": "no"}'), "target.rejected_record"),
        ((413, b"<html>too large</html>"), "target.rejected_record"),
    ],
    ids=["500", "400", "413"],
)
async def test_a_record_that_the_gateway_refuses_with_its_whole_call_is_told_alone(
    world: PlanWorld, numbers: Numbers, line: Line, answer: Answer, reason: str
) -> None:
    numbers.good(world, *PEOPLE)
    bad = numbers.bad(world, "user", EMAIL=f"bad{numbers.first}@example.com")
    line.refuse = lambda body: answer if any(one["source_id"] == bad for one in body["items"]) else None
    letters = await letters_after_a_run(world, *PEOPLE)
    assert {one: letter.reason for one, letter in letters.items()} == {bad: reason}
