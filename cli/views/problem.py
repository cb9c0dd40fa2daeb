"""A failure in one or two lines, with what the API says about it and what to do."""

from cli.failures import Failure, Refused
from shared.model.json import Json, JsonObject, as_list, as_map

_MOST_ERRORS = 5


def problem_lines(failure: Failure) -> list[str]:
    """The lines that explain a failure; the first begins with ``error:``."""
    errors = _errors(failure.problem) if isinstance(failure, Refused) else []
    hint = [f"hint: {failure.hint}"] if failure.hint else []
    return [f"error: {failure.message}", *(f"  {error}" for error in errors), *hint]


def _errors(problem: JsonObject) -> list[str]:
    """What is wrong field by field: the first few, without what the detail says already."""
    detail = str(problem.get("detail"))
    errors = [error for error in map(_error, as_list(problem.get("errors"))) if error not in detail]
    left = len(errors) - _MOST_ERRORS
    return [*errors[:_MOST_ERRORS], f"and {left} more"] if left > 0 else errors


def _error(item: Json) -> str:
    error = as_map(item)
    return f"{error.get('field', '?')}: {error.get('message', '?')}"
