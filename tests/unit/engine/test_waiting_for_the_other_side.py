"""What a run tells while it waits, and how often it tries."""

from shared.model.errors import RetryLater, SlowDown
from shared.model.run import RunState


async def turns(world, run, number):
    for _ in range(number):
        await world.tick(run)
        await world.deliver()
        world.clock.offset += 5
    return await world.status(run.run_id)


def failing(error):
    def trouble(_entity, _cursor):
        raise error

    return trouble


async def test_the_status_says_why_the_source_keeps_the_run_waiting(world) -> None:
    run = await world.start()
    world.portal.trouble = failing(RetryLater("source.unexpected_answer", "HTTP 200 with a web page"))
    status = await turns(world, run, 3)
    assert status["waiting_on"] == "source"
    assert status["waiting_reason"] == "HTTP 200 with a web page (source.unexpected_answer)"


async def test_a_limit_that_holds_everything_up_is_told_and_never_halts(world) -> None:
    run = await world.start()
    world.portal.trouble = failing(SlowDown("source.operating_limit", "user.get rests", retry_after=1.0))
    await turns(world, run, 300)
    status = await turns(world, run, 1)
    assert (status["state"], status["waiting_on"]) == ("running", "source")
    assert "source.operating_limit" in status["waiting_reason"]


async def test_a_short_wait_for_a_limit_is_not_worth_a_word(world) -> None:
    run = await world.start()
    world.portal.trouble = failing(SlowDown("source.throttled", "busy", retry_after=1.0))
    status = await turns(world, run, 2)
    assert status["waiting_on"] is None


async def test_an_outage_after_a_wait_for_a_limit_still_halts(world) -> None:
    run = await world.start()
    world.portal.trouble = failing(SlowDown("source.throttled", "busy", retry_after=1.0))
    await turns(world, run, 5)
    world.portal.trouble = failing(RetryLater("source.unreachable", "gone"))
    status = await turns(world, run, 300)
    assert status["state"] == RunState.HALTED.value
    assert status["reason"] == "source.unreachable"
    assert status["waiting_on"] is None


async def test_a_side_that_stays_out_is_asked_ever_less_often(world) -> None:
    asked = []

    def count(_entity, cursor):
        if cursor:
            asked.append(world.clock.seconds())
            raise RetryLater("source.unreachable", "gone")

    run = await world.start()
    world.portal.trouble = count
    await turns(world, run, 120)
    early = [at for at in asked if at < asked[0] + 60]
    late = [at for at in asked if at > asked[-1] - 60]
    assert len(late) < len(early)
