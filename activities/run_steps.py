"""The activities of the ``run`` orchestration. They answer status records instead of raising."""

import logging
from collections.abc import Awaitable
from dataclasses import asdict
from typing import Any, TypeVar

import azure.durable_functions as df

from composition.app import App, current
from orchestrators.contract import ADVANCE_RUN, BIND_RUN, OPEN_ENTITY
from shared.engine.job import NotConfigured
from shared.model.errors import Conflict, PortageError

_LOG = logging.getLogger("portage.activities")

_T = TypeVar("_T")

blueprint = df.Blueprint()


@blueprint.activity_trigger(input_name="job", activity=ADVANCE_RUN)
async def advance_run(job: dict) -> dict:  # type: ignore[type-arg]  # the worker refuses generic annotations
    """``{"run_id", "epoch", "bound"}`` → ``{"stop", "open", "moved", "near", "due", "done"}``."""
    app = await current()
    tick = await _settled(app, ADVANCE_RUN, job, app.phases.tick(job["run_id"], job["epoch"], bound=job["bound"]))
    if tick is None:
        return {"stop": False, "open": [], "moved": False, "near": False, "due": None, "done": -1}
    return {**asdict(tick), "open": list(tick.open)}


@blueprint.activity_trigger(input_name="job", activity=BIND_RUN)
async def bind_run(job: dict) -> bool:  # type: ignore[type-arg]
    """``{"run_id", "epoch"}`` → whether the id map belongs to this portal and this store."""
    app = await current()
    return bool(await _settled(app, BIND_RUN, job, app.phases.bind(job["run_id"], job["epoch"])))


@blueprint.activity_trigger(input_name="job", activity=OPEN_ENTITY)
async def open_entity(job: dict) -> bool:  # type: ignore[type-arg]
    """``{"run_id", "epoch", "entity"}`` → whether the entity's ranges are cut."""
    app = await current()
    return bool(await _settled(app, OPEN_ENTITY, job, app.cutter.open(job["run_id"], job["epoch"], job["entity"])))


async def _settled(app: App, step: str, job: dict[str, Any], work: Awaitable[_T]) -> _T | None:
    """The result, or None when the step could not be done now; the next tick does it again."""
    facts = {"entity": job["entity"]} if "entity" in job else {}
    async with app.tracing.work(step, job["run_id"], **facts):
        return await _tried(app, job, work)


async def _tried(app: App, job: dict[str, Any], work: Awaitable[_T]) -> _T | None:
    """A defect halts the run: it would only happen again at every tick."""
    try:
        return await work
    except (PortageError, Conflict) as error:
        _LOG.warning("step put off: %s", error)
    except NotConfigured as error:
        await app.stopping.halt(job["run_id"], job["epoch"], "run.not_configured", str(error))
    except Exception as error:
        _LOG.exception("step failed")
        message = f"{type(error).__name__} while the run advanced; the log has the trace"
        await app.stopping.halt(job["run_id"], job["epoch"], "run.defect", message)
    return None
