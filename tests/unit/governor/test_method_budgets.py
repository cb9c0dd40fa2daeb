"""Budgets of single methods, with limits learned from the target."""

import asyncio

import pytest

from shared.engine.budgets.methods import MethodBudgets
from shared.model.errors import SlowDown
from tests.unit.governor.virtual_time import Rows, on_virtual_time, seconds


def test_methods_have_budgets_of_their_own() -> None:
    async def scenario() -> float:
        budgets = MethodBudgets(Rows(), "target:host")
        budgets.learn({"import.users.batch": 1, "import.tasks.batch": 60})
        await budgets.acquire("import.users.batch")
        await budgets.acquire("import.tasks.batch")
        with pytest.raises(SlowDown):
            await budgets.acquire("import.users.batch")
        asked = seconds()
        await budgets.acquire("import.tasks.batch")
        return seconds() - asked

    assert on_virtual_time(scenario) < 1.0


def test_a_limit_learned_anew_holds_from_then_on() -> None:
    async def scenario() -> float:
        budgets = MethodBudgets(Rows(), "target:host")
        budgets.learn({"m": 1})
        await budgets.acquire("m")
        budgets.learn({"m": 600})
        asked = seconds()
        await asyncio.sleep(60.0)
        for _ in range(20):
            await budgets.acquire("m")
        return seconds() - asked

    assert on_virtual_time(scenario) < 65.0
