"""Seconds of the portal are lent before they are spent."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bitrix24.operating import LIMIT, Operating
from connectors.bitrix24.spending import Account, Spending
from lab.simulators.bitrix24.limits import Operating as Baskets
from shared.model.errors import SlowDown

LIST = "crm.deal.list"


def chain(number: int) -> dict[str, str]:
    return {f"p{place:02d}": LIST for place in range(number)}


def account(*, told: float, cost: float, resets_in: float | None = 60.0) -> Account:
    """Of a method that took ``told`` seconds by now, ``cost`` of them for the last command."""
    known = Account()
    known.hear(Operating(told - cost, resets_in, cost), 2, 0.0)
    known.hear(Operating(told, resets_in), 1, 0.0)
    return known


def test_as_many_commands_may_leave_as_the_seconds_left_pay_for() -> None:
    assert account(told=400.0, cost=7.0).room(0.0) == 8


def test_what_is_on_its_way_is_kept_back_until_it_lands() -> None:
    known = account(told=400.0, cost=7.0)
    kept = known.leave(6)
    assert known.room(0.0) == 2
    known.land(kept)
    assert known.room(0.0) == 8


def test_a_method_that_costs_nothing_is_not_held_up() -> None:
    assert account(told=10.0, cost=0.0).room(0.0) == float("inf")


def test_a_portal_that_counts_no_seconds_is_not_held_up() -> None:
    unknown = Account()
    unknown.hear(None, 50, 0.0)
    assert unknown.room(0.0) == float("inf")


def test_an_answer_that_lacks_the_seconds_does_not_make_forget_that_they_are_counted() -> None:
    known = account(told=456.0, cost=1.0)
    known.hear(None, 1, 0.0)
    assert known.room(0.0) == 0


def test_an_answer_that_was_overtaken_does_not_give_seconds_back() -> None:
    known = account(told=450.0, cost=1.0)
    known.hear(Operating(440.0, 60.0), 1, 0.0)
    assert known.told == 450.0


def test_once_a_minute_dropped_out_a_few_commands_ask_how_much_is_free() -> None:
    known = account(told=456.0, cost=4.0)
    assert known.room(59.0) == 0
    assert known.room(60.0) == 6
    known.leave(6)
    assert known.room(60.0) == 0


def test_an_answer_of_a_new_minute_frees_the_seconds() -> None:
    known = account(told=456.0, cost=4.0)
    known.hear(Operating(56.0, 60.0), 6, 60.0)
    assert known.room(60.0) == 100


def test_a_portal_that_refuses_earlier_is_believed() -> None:
    known = account(told=420.0, cost=1.0)
    known.refuse(1.0)
    assert known.limit == 420.0


@pytest.mark.parametrize("later", [1.0, 100.0], ids=["at once", "after long silence"])
def test_a_refusal_though_little_was_spent_is_taken_for_the_doing_of_others(later: float) -> None:
    known = account(told=20.0, cost=1.0)
    known.refuse(later)
    assert known.limit == LIMIT
    assert known.room(later) <= 1


def test_a_portal_that_refuses_for_its_seconds_counts_them() -> None:
    unknown = Account()
    unknown.hear(None, 50, 0.0)
    unknown.refuse(0.0)
    assert unknown.room(0.0) < float("inf")


def test_a_refusal_in_the_very_answer_that_tells_what_is_spent_shows_the_limit() -> None:
    known = account(told=150.0, cost=1.0)
    known.refuse(0.0)
    assert known.limit == 150.0


def test_refusals_again_and_again_though_little_was_spent_mean_a_low_limit() -> None:
    known = account(told=20.0, cost=1.0)
    known.refuse(1.0)
    known.hear(Operating(30.0, 60.0), 1, 61.0)
    known.refuse(62.0)
    assert known.limit == 30.0


def test_a_portal_that_tells_no_time_of_reset_is_asked_again_after_a_minute() -> None:
    known = account(told=470.0, cost=1.0, resets_in=None)
    assert (known.room(59.0), known.room(60.0)) == (0, 10)


async def test_the_first_commands_of_a_chain_go_when_not_all_fit() -> None:
    spending = Spending()
    spending.hear(LIST, Operating(406.0, 60.0, 5.0), 1)
    assert (await spending.lend(chain(50), least=2)).keys == tuple(chain(10))


async def test_a_call_waits_for_those_on_their_way() -> None:
    spending = Spending()
    spending.hear(LIST, Operating(406.0, 60.0, 5.0), 1)
    first = await spending.lend(chain(10))
    second = asyncio.create_task(spending.lend(chain(4)))
    await asyncio.sleep(0)
    assert not second.done()
    with first:
        pass
    assert len((await second).keys) == 4


async def test_without_seconds_or_anything_on_its_way_a_call_is_put_off_until_a_minute_drops_out() -> None:
    spending = Spending()
    spending.hear(LIST, Operating(470.0, 45.0, 5.0), 1)
    with pytest.raises(SlowDown) as put_off:
        await spending.lend(chain(1))
    assert put_off.value.retry_after == pytest.approx(45.0, abs=1.0)


async def test_a_batch_of_more_than_ever_fits_goes_when_little_is_spent() -> None:
    spending = Spending()
    spending.hear(LIST, Operating(30.0, 60.0, 30.0), 1)
    assert len((await spending.lend(chain(50))).keys) == 50


async def test_a_batch_that_cannot_be_cut_asks_itself_what_has_dropped_out() -> None:
    spending = Spending()
    spending.hear(LIST, Operating(456.0, 0.0, 1.0), 1)
    assert len((await spending.lend(chain(50))).keys) == 50


async def test_methods_have_seconds_of_their_own() -> None:
    spending = Spending()
    spending.hear(LIST, Operating(470.0, 45.0, 5.0), 1)
    assert (await spending.lend({"a": "user.get"})).keys == ("a",)


async def test_the_budget_hears_once_all_have_landed_that_a_method_is_spent() -> None:
    spending = Spending()
    spending.hear(LIST, Operating(400.0, 45.0, 5.0), 1)
    with await spending.lend(chain(1)):
        assert spending.hear(LIST, Operating(460.0, 45.0), 1) is None
    assert spending.hear(LIST, Operating(460.0, 45.0), 1) == pytest.approx(45.0, abs=1.0)


@given(cost=st.floats(1.0, 8.0), workers=st.integers(1, 16), seed=st.integers(0, 99))
def test_a_portal_never_has_to_refuse_and_gives_most_of_what_it_has(cost: float, workers: int, seed: int) -> None:
    dice, now, spent, windows = random.Random(seed), 0.0, 0.0, 3
    portal = Baskets(LIMIT, 600.0, lambda: now)
    known = Account()
    known.hear(Operating(0.0, 600.0, cost), 2, now)
    flying: list[tuple[int, float]] = []
    while now < windows * 600.0 - 1:
        if (room := known.room(now)) and len(flying) < workers:
            number = int(min(room, dice.randint(1, 10)))
            flying.append((number, known.leave(number)))
            continue
        now += 0.5
        if flying:
            number, kept = flying.pop(dice.randrange(len(flying)))
            for _ in range(number):
                portal.check("1", LIST)
                portal.add("1", LIST, cost)
            spent += number * cost
            told = portal.spent("1", LIST)
            known.land(kept)
            known.hear(Operating(told.operating, told.operating_reset_at - now), number, now)
    assert spent >= 0.9 * windows * LIMIT
