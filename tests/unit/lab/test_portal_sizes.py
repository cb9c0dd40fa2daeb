"""The sizes of a scenario's portal are those that the simulator understands."""

from dataclasses import fields
from typing import Any

from lab.simulators.bitrix24.options import parse
from lab.simulators.bitrix24.people.data import Size
from lab.system import Portal


def test_every_size_of_the_simulator_can_be_chosen() -> None:
    chosen: dict[str, Any] = {
        field.name: number for number, field in enumerate(fields(Portal), 11) if field.type is int
    }
    size = parse(Portal(**chosen).arguments()).size
    offered = [field.name for field in fields(Size) if field.name not in ("seed", "ghost_owners")]
    assert {name: getattr(size, name) for name in offered} == {name: chosen[name] for name in offered}


def test_further_arguments_are_passed_on() -> None:
    options = parse(Portal(more=("--pictures", "--mutate", "2.5")).arguments())
    assert (options.pictures, options.mutate) == (True, 2.5)
