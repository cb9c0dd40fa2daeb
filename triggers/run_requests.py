"""Reading the bodies of requests that start, preview or resume a run, or requeue its dead letters."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

import azure.functions as func
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from shared.engine.runs.repeating import Named
from shared.engine.runs.request import RunRequest
from shared.model.cutover import CutoverAction
from shared.model.plan import Plan
from shared.model.quoting import has_control_characters, quoted
from shared.model.run import RunMode, RunOptions
from triggers.problems import Problem
from triggers.queries import CONTROL_CHARACTERS, invalid

IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")
"""What a caller may name a request by."""

MODES = tuple(mode.value for mode in RunMode)


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
    repair: bool = False


class RunBody(BaseModel):
    """The body of ``POST /api/runs``."""

    model_config = ConfigDict(extra="forbid")

    plan: Text = Field(min_length=1, max_length=100)
    mode: Text = Field(json_schema_extra={"enum": list(MODES)})
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


class RequeueBody(BaseModel):
    """The body of ``POST /api/dead-letters/requeue``: ids, or a cause, or a run, or a cause in a run."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Text] | None = Field(None, min_length=1, max_length=1000)
    cause: Text | None = Field(None, min_length=1, max_length=100)
    run_id: Text | None = Field(None, min_length=1, max_length=100)
    dry_run: bool = Field(False, strict=True)


class CutoverBody(BaseModel):
    """The body of ``POST /api/plans/{plan}/cutover``: ``about`` is a run to link or a line to tick off."""

    model_config = ConfigDict(extra="forbid")

    action: Text = Field(json_schema_extra={"enum": [action.value for action in CutoverAction]})
    about: Text | None = Field(None, min_length=1, max_length=100)
    note: Text | None = Field(None, min_length=1, max_length=1000)


class RollbackBody(BaseModel):
    """The body of ``POST /api/runs/{run_id}/rollback``; without a token nothing is done. It may be left out."""

    model_config = ConfigDict(extra="forbid")

    entities: list[Text] | None = Field(default=None, min_length=1, max_length=100)
    token: Text | None = Field(default=None, max_length=200)


def read_body(request: func.HttpRequest) -> RunBody:
    """Raises Problem INVALID_REQUEST with what was expected, field by field."""
    body = _read(request, RunBody, "an object with plan and mode")
    if body.mode not in MODES:
        raise invalid("mode", f"expected {' or '.join(MODES)}")
    return body


def read_name(request: func.HttpRequest, body: RunBody) -> Named | None:
    """How the caller named the request, if it did. Raises Problem INVALID_REQUEST for a key that is none."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise invalid("Idempotency-Key", "expected 1 to 200 visible ASCII characters")
    return Named(key, body.model_dump_json())


def read_preview_body(request: func.HttpRequest) -> PreviewBody:
    """No body means all entities. Raises Problem INVALID_REQUEST as ``read_body`` does."""
    return _read(request, PreviewBody, "an object with entities, or nothing") if request.get_body() else PreviewBody()


def read_resume_body(request: func.HttpRequest) -> ResumeBody:
    """No body changes no option. Raises Problem INVALID_REQUEST as ``read_body`` does."""
    return _read(request, ResumeBody, "an object with options, or nothing") if request.get_body() else ResumeBody()


def read_requeue_body(request: func.HttpRequest) -> RequeueBody:
    """Raises Problem INVALID_REQUEST as ``read_body`` does."""
    return _read(request, RequeueBody, "an object with ids, cause or run_id")


def read_cutover_body(request: func.HttpRequest) -> CutoverBody:
    """Raises Problem INVALID_REQUEST as ``read_body`` does."""
    body = _read(request, CutoverBody, "an object with action")
    if body.action not in tuple(CutoverAction):
        raise invalid("action", f"expected {' or '.join(CutoverAction)}")
    return body


def read_rollback_body(request: func.HttpRequest) -> RollbackBody:
    """No body asks about the whole run. Raises Problem INVALID_REQUEST as ``read_body`` does."""
    expected = "an object with entities and token, or nothing"
    return _read(request, RollbackBody, expected) if request.get_body() else RollbackBody()


Body = TypeVar("Body", bound=BaseModel)


def _read(request: func.HttpRequest, model: type[Body], expected: str) -> Body:
    body = request.get_body()
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
    if body.since is not None and mode is not RunMode.DELTA:
        raise invalid("since", f"goes with mode delta; {mode.value} reads everything")
    chosen = plan.with_what_they_follow(chosen_of(plan, body.entities))
    for name, gap in plan.unread_parents(chosen).items():
        raise invalid("entities", f"{name} is read along {', '.join(gap)}; add {'it' if len(gap) == 1 else 'them'}")
    for name, gap in plan.missing_requirements(chosen).items():
        if missing := [need for need in gap if need not in already_in]:
            raise invalid("entities", f"{name} needs {', '.join(missing)}; add it or run it before")
    if body.options.apply_deletes and not mode.writes:
        raise invalid("options.apply_deletes", f"goes with modes that write; {mode.value} writes nothing")
    if body.options.repair and mode is not RunMode.FULL:
        raise invalid("options.repair", f"goes with mode full; {mode.value} does not read all that may have to be sent")
    options = RunOptions(**body.options.model_dump())
    return RunRequest(plan.name, mode, chosen, body.since, options)


def chosen_of(plan: Plan, named: Sequence[str] | None) -> tuple[str, ...]:
    """The entities that a request names, in import order; all when it names none. Raises Problem for unknown ones."""
    if unknown := sorted(set(named or ()) - set(plan.names)):
        raise invalid("entities", f"unknown {quoted(', '.join(unknown))}; the plan has {', '.join(plan.names)}")
    return tuple(name for name in plan.names if name in (named or plan.names))
