"""What a scenario tells, and how each of them runs the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.api import ENDED, Api, Json
from lab.system import System

_PATIENCE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the result. ``share`` is the value as a part of ``reference``, None when there is none."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    meaning: str = ""

    @property
    def share(self) -> float | None:
        """What part of the reference was reached."""
        return self.value / self.reference if self.reference else None


def run_plan(system: System, api: Api, entities: Sequence[str]) -> Json:
    """Run the plan for ``entities`` and answer the status at its end. Raises RuntimeError for another end."""
    return ended(system, api, api.start(entities=entities), _PATIENCE_SECONDS)


def ended(system: System, api: Api, run_id: str, patience: float) -> Json:
    """The status of a run at its end, which is waited for. Raises RuntimeError for another end than ``completed``."""

    def is_over(status: Json) -> bool:
        system.must_be_alive()  # a run waits long for a part that does not answer
        return status["state"] in ENDED

    status = api.wait_for(run_id, is_over, timeout=patience)
    if status["state"] != "completed":
        raise RuntimeError(f"the run ended {status['state']}: {status['reason']} {status['message']}")
    return status


def extract_deals(system: System, api: Api) -> Json:
    """Run the plan until all deals of the portal are read, then cancel it; answers the status at that moment."""

    def all_read(status: Json) -> bool:
        system.must_be_alive()
        deals = status["entities"]["deal"]
        return bool(deals["extracted"]) and deals["pages"]["total"] == deals["pages"]["done"]

    run_id = api.start(entities=with_all_it_needs(api, "deal"))
    status = api.wait_for(run_id, all_read, timeout=_PATIENCE_SECONDS)
    api.act(run_id, "cancel")
    api.wait(run_id, {"cancelled"})
    return status


def with_all_it_needs(api: Api, entity: str) -> list[str]:
    """The entity, and those of the plan without which a run of it is refused."""
    plan = {one["name"]: one for one in api.get("/plans/bitrix24_onprem").json()["entities"]}
    needed: list[str] = []
    open_ones = [entity]
    while open_ones:
        name = open_ones.pop()
        if name not in needed:
            needed.append(name)
            open_ones += [*plan[name]["requires"], *plan[name]["extract_after"]]
    return sorted(needed)


def processor_seconds(pid: int) -> float:
    """CPU seconds of a process and of its children that ended, on Linux; NaN elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return sum(map(int, fields[11:15])) / 100


def peak_memory_mib(pid: int) -> float:
    """The most memory that a process had resident, on Linux; NaN elsewhere."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return float("nan")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
