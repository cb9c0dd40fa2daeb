"""One seed of the chaos suite, with few people and little time. `make chaos` runs many, with a company."""

from pathlib import Path

from lab.chaos.trial import Size, try_seed
from lab.system import Portal

_FEW = Portal(users=60, departments=8, groups=8, rate=100_000.0, burst=100_000)
_SMALL = Size(_FEW, ("department", "user", "group", "media_file"), kills=2, seconds=12.0, again=False)


def test_nothing_is_lost_doubled_or_stuck_while_processes_die_and_every_link_fails_in_part(tmp_path: Path) -> None:
    trial = try_seed(3, tmp_path, _SMALL)
    assert trial.kills
    assert trial.held, trial.as_json()
