"""What becomes of the records of a slice: how many it covers, what the target said, and who writes it down."""

from dataclasses import replace

from shared.engine.job import Pace
from shared.model.errors import EntityStopped, RetryLater
from shared.model.ledger import Stage
from shared.model.messages import EXTRACT_QUEUE, ExtractMessage
from shared.model.records import DeadLetter, Receipt
from shared.model.run import RunState
from tests.unit.engine.both_sides import Written


def paced(world, **pace):
    world.pace = Pace(**pace)
    world.rewire()


async def entity(world, run, name):
    return (await world.status(run.run_id))["entities"][name]


def stumbling(source_id):
    return Receipt(source_id, "failed", code="TRANSIENT", reason="deadlock", retryable=True)


async def test_no_slice_and_no_patch_covers_more_rows_than_it_may(world) -> None:
    paced(world, slice_rows=5)
    run = await world.drive((await world.start()).run_id)
    rows = await world.stores.ledger.scan(run.run_id)
    slices = [row for row in rows if row.key.stage is Stage.IMPORT and row.key.entity == "user"]
    patches = [row for row in rows if row.key.stage is Stage.PATCH]
    assert {row.cursor["count"] for row in slices} == {5, 1, 4}  # ranges of 66 and 64
    assert sum(row.cursor["count"] for row in slices) == 130
    assert patches
    assert all(row.cursor["count"] <= 5 for row in patches)


async def test_a_patch_does_nothing_to_records_that_were_not_deferred(world) -> None:
    world.portal.records["department"][1]["NAME"] = ""
    run = await world.drive((await world.start()).run_id)
    assert (await entity(world, run, "department"))["failed"] == 1


async def test_a_tree_needs_no_patch_even_when_children_have_the_lower_ids(world) -> None:
    parents = {1: "2", 2: "3", 3: "4", 4: "", 5: "6", 6: ""}
    world.portal.records["department"] = {
        child: {"NAME": f"d{child}", "PARENT": parent, "HEAD": ""} for child, parent in parents.items()
    }
    run = await world.drive((await world.start(entities=("department",))).run_id)
    assert (await entity(world, run, "department"))["patched"] == 0
    assert world.gateway.records["department", "1"].data["parent_id"] == "t-department-2"
    assert {written.versions for written in world.gateway.records.values()} == {1}


async def test_a_range_is_worked_on_for_no_longer_than_a_message_may(world) -> None:
    world.portal.page = 10
    paced(world, worker_seconds=60.0)
    run = await world.start()
    for _ in range(3):
        await world.tick(run)
    texts = [text for text in await world.messages(EXTRACT_QUEUE) if ExtractMessage.load(text).entity == "user"]
    read, reads = world.portal.read, []

    async def slow(name, cursor, extracted):
        reads.append(name)
        world.clock.offset += 25
        return await read(name, cursor, extracted)

    world.portal.read = slow
    await world.extractor.work(ExtractMessage.load(texts[0]))
    assert len(reads) == 3
    assert await world.messages(EXTRACT_QUEUE) == texts[:1]


async def test_a_worker_whose_hold_may_be_over_starts_no_call(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    capabilities = world.gateway.capabilities

    async def frozen():
        world.clock.offset += 25
        return await capabilities()

    world.gateway.capabilities = frozen
    await world.importer.work(message)
    assert world.gateway.calls == []


async def test_a_slice_with_records_that_stumbled_waits_before_it_is_tried_again(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    world.gateway.refuse = lambda _entity, item: stumbling(item.source_id)
    await world.importer.work(message)
    row = await world.stores.ledger.get(message.key)
    assert row.attempts == 1
    assert row.not_before > world.clock.seconds()


async def test_a_record_that_keeps_stumbling_is_given_up_and_the_rest_goes_in(world) -> None:
    def stumble(name, item):
        return stumbling(item.source_id) if (name, item.source_id) == ("user", "99") else None

    world.gateway.refuse = stumble
    run = await world.drive((await world.start()).run_id)
    [letter] = await world.stores.dead_letters.page(run.run_id)
    assert (letter.source_id, letter.reason) == ("99", "target.kept_stumbling")
    assert (await entity(world, run, "user"))["imported"] == 129


async def test_what_went_in_is_written_down_even_when_the_rest_of_the_slice_did_not(world) -> None:
    paced(world, slice_rows=100, calls_in_flight=1)
    run = await world.start()
    users = 0

    def second_call(name, _items):
        nonlocal users
        users += name == "user"
        if users > 1:
            raise RetryLater("target.unreachable", "connection reset")

    world.gateway.before = second_call
    for _ in range(12):
        await world.tick(run)
        await world.deliver()
    mapped = await world.stores.idmaps.of("demo").block("user", "0")
    assert len(mapped) == sum(key[0] == "user" for key in world.gateway.records) == 50


async def test_the_targets_own_word_for_a_record_is_what_counts(world) -> None:
    answers = {
        "1": Receipt("1", "skipped", "t-1", "updated"),
        "2": Receipt("2", "duplicate", "t-2", "created", "run-of-old"),
        "3": Receipt("3", "imported", "t-3", "updated"),
    }

    def told(name, item):
        receipt = answers.get(item.source_id) if name == "user" else None
        if receipt is not None:
            there = Written(receipt.target_id, item.checksum, item.data, "run-of-old", receipt.action)
            world.gateway.records[name, item.source_id] = there
        return receipt

    world.gateway.refuse = told
    run = await world.drive((await world.start()).run_id)
    counted = await entity(world, run, "user")
    assert {name: counted[name] for name in ("skipped", "duplicate", "updated", "created")} == {
        "skipped": 1,
        "duplicate": 1,
        "updated": 1,
        "created": 127,
    }
    mapped = await world.stores.idmaps.of("demo").block("user", "0")
    assert [mapped[one].target_id for one in ("1", "2", "3")] == ["t-1", "t-2", "t-3"]


async def test_a_letter_is_taken_back_by_the_attempt_that_gets_its_record_in(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    row = await world.stores.ledger.get(message.key)
    await world.stores.ledger.update(replace(row, attempts=1))
    first = (await world.importer.left_of(row))[0]
    letter = DeadLetter(run.run_id, message.entity, first, "target.conflict", "taken", 1, None, "cause")
    await world.stores.dead_letters.add([letter, replace(letter, source_id="of another slice")])
    await world.importer.work(message)
    assert [one.source_id for one in await world.stores.dead_letters.page()] == ["of another slice"]


async def test_a_change_that_needs_what_is_not_there_yet_is_sent_once_and_whole(world) -> None:
    await world.drive((await world.start()).run_id)
    before = world.gateway.records["department", "1"].versions
    world.portal.records["user"][131] = {"EMAIL": "u131@example.com", "DEPARTMENTS": []}
    world.portal.records["department"][1] = {"NAME": "renamed", "PARENT": "", "HEAD": "131"}
    await world.drive((await world.start()).run_id)
    assert world.gateway.records["department", "1"].data["head_id"] == "t-user-131"
    assert world.gateway.records["department", "1"].versions == before + 1


async def test_a_few_failures_among_few_records_do_not_halt_a_run(world) -> None:
    world.portal.records["department"][1]["NAME"] = ""
    run = await world.drive((await world.start(entities=("department",))).run_id)
    assert run.state is RunState.COMPLETED_WITH_ERRORS


async def test_a_source_that_asks_for_a_pause_gets_it_whatever_we_think_fit(world) -> None:
    run = await world.start()
    message = await world.first_import(run)
    before = world.clock.seconds()

    def out(_entity, _items):
        raise RetryLater("target.unreachable", "later", retry_after=60.0)

    world.gateway.before = out
    await world.importer.work(message)
    assert (await world.stores.ledger.get(message.key)).not_before >= before + 60


async def test_an_entity_that_the_target_stops_is_shown_as_stopped(world) -> None:
    def stop(name, _items):
        if name == "group":
            raise EntityStopped("source.denied", "no")

    world.gateway.before = stop
    run = await world.drive((await world.start()).run_id)
    assert (await entity(world, run, "group"))["blocked_by"] == "source.denied"
