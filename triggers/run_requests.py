"""Reading the bodies of ``POST /api/runs`` and ``POST /api/plans/{plan}/preview``."""

import json
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

import azure.functions as func
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.engine.request import RunRequest
from shared.model.plan import Plan
from shared.model.run import RunMode, RunOptions
from triggers.problems import Problem
from triggers.queries import invalid

LARGEST_BODY = 64 * 1024
"""Bytes."""

AVAILABLE_MODES = (RunMode.FULL, RunMode.DRY_RUN)


class Options(BaseModel):
    """``options`` of a run."""

    model_config = ConfigDict(extra="forbid", strict=True)

    private_chats: bool = False
    private_posts: bool = False
    task_files: bool = False
    failure_threshold: Annotated[float, Field(ge=0, le=1)] = 0.01
    sample: Annotated[float, Field(ge=0, le=1)] = 0.05
    apply_deletes: bool = False


class RunBody(BaseModel):
    """The body of ``POST /api/runs``."""

    model_config = ConfigDict(extra="forbid")

    plan: str = Field(min_length=1, max_length=100)
    mode: Literal["full", "delta", "dry_run", "validate"]
    entities: list[str] | None = Field(None, min_length=1, max_length=100)
    since: AwareDatetime | None = None
    options: Options = Options()


class PreviewBody(BaseModel):
    """The body of ``POST /api/plans/{plan}/preview``; it may be left out."""

    model_config = ConfigDict(extra="forbid")

    entities: list[str] | None = Field(default=None, min_length=1, max_length=100)


def read_body(request: func.HttpRequest) -> RunBody:
    """Raises Problem TOO_LARGE or INVALID_REQUEST with what was expected, field by field."""
    return _read(request, RunBody, "an object with plan and mode")


def read_preview_body(request: func.HttpRequest) -> PreviewBody:
    """No body means all entities. Raises Problem TOO_LARGE or INVALID_REQUEST as ``read_body`` does."""
    return _read(request, PreviewBody, "an object with entities, or nothing") if request.get_body() else PreviewBody()


Body = TypeVar("Body", bound=BaseModel)


def _read(request: func.HttpRequest, model: type[Body], expected: str) -> Body:
    body = request.get_body()
    if len(body) > LARGEST_BODY:
        raise Problem("TOO_LARGE", f"The body may have {LARGEST_BODY} bytes; this one has {len(body)}")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem("INVALID_REQUEST", f"The body is not JSON; expected {expected}") from None
    if not isinstance(document, dict):
        raise Problem("INVALID_REQUEST", f"Expected {expected}")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        errors = [
            {"field": ".".join(map(str, one["loc"])) or "body", "message": one["msg"]}
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors)
        raise Problem("INVALID_REQUEST", detail, errors) from None


def to_request(body: RunBody, plan: Plan, already_in: frozenset[str]) -> RunRequest:
    """Check ``body`` against the plan. ``already_in`` are entities that an earlier run brought in."""
    mode = RunMode(body.mode)
    if mode not in AVAILABLE_MODES:
        known = ", ".join(one.value for one in AVAILABLE_MODES)
        raise invalid("mode", f"{mode.value} is not available for this plan; available: {known}")
    if body.since is not None and mode is not RunMode.DELTA:
        raise invalid("since", f"goes with mode delta only; {mode.value} reads everything, so leave it out")
    chosen = chosen_of(plan, body.entities)
    for name, gap in plan.unread_parents(chosen).items():
        raise invalid("entities", f"{name} is read along {', '.join(gap)}; add {'it' if len(gap) == 1 else 'them'}")
    for name, gap in plan.missing_requirements(chosen).items():
        if missing := [need for need in gap if need not in already_in]:
            raise invalid("entities", f"{name} needs {', '.join(missing)}; add it or run it before")
    if body.options.apply_deletes:
        raise invalid("options.apply_deletes", "goes with mode delta, which is not available yet")
    options = RunOptions(**body.options.model_dump())
    return RunRequest(plan.name, mode, chosen, body.since, options)


def chosen_of(plan: Plan, named: Sequence[str] | None) -> tuple[str, ...]:
    """The entities that a request names, in import order; all when it names none. Raises Problem for unknown ones."""
    if unknown := sorted(set(named or ()) - set(plan.names)):
        raise invalid("entities", f"unknown {', '.join(unknown)}; the plan has {', '.join(plan.names)}")
    return tuple(name for name in plan.names if name in (named or plan.names))
