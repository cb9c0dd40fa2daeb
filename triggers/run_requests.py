"""Reading the bodies of requests that start, preview or resume a run."""

import json
from collections.abc import Sequence
from typing import Annotated, TypeVar

import azure.functions as func
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from shared.engine.runs.request import RunRequest
from shared.model.plan import Plan
from shared.model.quoting import has_control_characters, quoted
from shared.model.run import RunMode, RunOptions
from triggers.problems import Problem
from triggers.queries import CONTROL_CHARACTERS, invalid

LARGEST_BODY = 64 * 1024
"""Bytes."""

AVAILABLE_MODES = (RunMode.FULL, RunMode.DRY_RUN)


def _plain(text: str) -> str:
    if has_control_characters(text):
        raise PydanticCustomError("control_characters", CONTROL_CHARACTERS)
    return text


Text = Annotated[str, AfterValidator(_plain)]
Share = Annotated[float, Field(ge=0, le=1)]


class Options(BaseModel):
    """``options`` of a run."""

    model_config = ConfigDict(extra="forbid", strict=True)

    private_chats: bool = False
    private_posts: bool = False
    task_files: bool = False
    failure_threshold: Share = 0.01
    sample: Share = 0.05
    apply_deletes: bool = False


class RunBody(BaseModel):
    """The body of ``POST /api/runs``."""

    model_config = ConfigDict(extra="forbid")

    plan: Text = Field(min_length=1, max_length=100)
    mode: Text = Field(json_schema_extra={"enum": [mode.value for mode in AVAILABLE_MODES]})
    entities: list[Text] | None = Field(None, min_length=1, max_length=100)
    since: AwareDatetime | None = None
    options: Options = Options()


class PreviewBody(BaseModel):
    """The body of ``POST /api/plans/{plan}/preview``; it may be left out."""

    model_config = ConfigDict(extra="forbid")

    entities: list[Text] | None = Field(default=None, min_length=1, max_length=100)


class ResumeOptions(BaseModel):
    """``options`` that a run may be given anew when it goes on."""

    model_config = ConfigDict(extra="forbid", strict=True)

    failure_threshold: Share | None = None


class ResumeBody(BaseModel):
    """The body of ``POST /api/runs/{run_id}/resume``; it may be left out."""

    model_config = ConfigDict(extra="forbid")

    options: ResumeOptions = ResumeOptions()


def read_body(request: func.HttpRequest) -> RunBody:
    """Raises Problem TOO_LARGE or INVALID_REQUEST with what was expected, field by field."""
    body = _read(request, RunBody, "an object with plan and mode")
    if body.mode not in AVAILABLE_MODES:
        offered = f"expected {' or '.join(AVAILABLE_MODES)}"
        raise invalid("mode", f"{body.mode} is not offered yet; {offered}" if body.mode in tuple(RunMode) else offered)
    return body


def read_preview_body(request: func.HttpRequest) -> PreviewBody:
    """No body means all entities. Raises Problem TOO_LARGE or INVALID_REQUEST as ``read_body`` does."""
    return _read(request, PreviewBody, "an object with entities, or nothing") if request.get_body() else PreviewBody()


def read_resume_body(request: func.HttpRequest) -> ResumeBody:
    """No body changes no option. Raises Problem TOO_LARGE or INVALID_REQUEST as ``read_body`` does."""
    return _read(request, ResumeBody, "an object with options, or nothing") if request.get_body() else ResumeBody()


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
            {"field": quoted(".".join(map(str, one["loc"]))) or "body", "message": one["msg"]}
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors)
        raise Problem("INVALID_REQUEST", detail, errors) from None


def to_request(body: RunBody, plan: Plan, already_in: frozenset[str]) -> RunRequest:
    """Check ``body`` against the plan. ``already_in`` are entities that an earlier run brought in.

    What is only archived comes along unnamed where chosen entities are read along it or described by it.
    """
    mode = RunMode(body.mode)
    if body.since is not None:
        raise invalid("since", f"goes with mode delta, which is not offered yet; {mode.value} reads everything")
    chosen = plan.with_what_they_follow(chosen_of(plan, body.entities))
    for name, gap in plan.unread_parents(chosen).items():
        raise invalid("entities", f"{name} is read along {', '.join(gap)}; add {'it' if len(gap) == 1 else 'them'}")
    for name, gap in plan.missing_requirements(chosen).items():
        if missing := [need for need in gap if need not in already_in]:
            raise invalid("entities", f"{name} needs {', '.join(missing)}; add it or run it before")
    if body.options.apply_deletes:
        raise invalid("options.apply_deletes", "goes with mode delta, which is not offered yet")
    options = RunOptions(**body.options.model_dump())
    return RunRequest(plan.name, mode, chosen, body.since, options)


def chosen_of(plan: Plan, named: Sequence[str] | None) -> tuple[str, ...]:
    """The entities that a request names, in import order; all when it names none. Raises Problem for unknown ones."""
    if unknown := sorted(set(named or ()) - set(plan.names)):
        raise invalid("entities", f"unknown {quoted(', '.join(unknown))}; the plan has {', '.join(plan.names)}")
    return tuple(name for name in plan.names if name in (named or plan.names))
