"""What happens to a running system, and when: drawn from a seed."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from lab.chaos.surroundings import HarshSystem

_SHORTEST, _LONGEST = 1.5, 5.0
_PAUSE_SECONDS = (1.0, 5.0)
_ABSENT_SECONDS = (0.0, 2.0)
_USUAL = ("host", "host", "gateway", "storage")
_IN_USE = "gateway while records go in"


@dataclass(slots=True)
class Disturbance:
    """Kills and pauses, one at a time, at random moments. Hosts and gateway come back after a moment.

    ``least`` is how many processes are killed before it is enough; the gateway once while records go in.
    """

    system: HarshSystem
    seed: int
    least: int
    counted: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    _chance: random.Random = field(init=False)
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # repeatable chaos
        self._begun = time.monotonic()

    @property
    def kills(self) -> int:
        """How many processes were killed so far."""
        return self.counted["host"] + self.counted["gateway"]

    @property
    def enough(self) -> bool:
        """Whether each kind of thing happened, and there were kills enough."""
        return self.kills >= self.least and not self._lacking()

    def happen(self) -> None:
        """Wait for the next moment; then one thing happens, and is over when this returns."""
        time.sleep(self._chance.uniform(_SHORTEST, _LONGEST))
        lacking = self._lacking()
        what = self._chance.choice(lacking if self.kills >= self.least and lacking else _USUAL)
        if what == "gateway" and self.system.applied_writes():
            self.counted[_IN_USE] += 1
        self.told.append(f"{time.monotonic() - self._begun:.1f} s: {what}")
        match what:
            case "host":
                self._kill_host()
            case "gateway":
                self.system.kill_gateway()
                self._absent()
                self.system.start_gateway()
            case _:
                self.system.pause_storage()
                time.sleep(self._chance.uniform(*_PAUSE_SECONDS))
                self.system.resume_storage()
        self.counted[what] += 1

    def _lacking(self) -> list[str]:
        names = [name for name in ("host", "storage") if not self.counted[name]]
        return names if self.counted[_IN_USE] else [*names, "gateway"]

    def _kill_host(self) -> None:
        self._chance.choice(self.system.running).kill()
        self._absent()
        self.system.start_host()

    def _absent(self) -> None:
        time.sleep(self._chance.uniform(*_ABSENT_SECONDS))
