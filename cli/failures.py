"""Why a command could not do its work. Each failure knows its exit code; messages never hold the function key."""

from cli.exits import ExitCode
from shared.model.json import Json, JsonObject, as_map

_NOT_IMPLEMENTED = 501
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class Failure(Exception):
    """Base of everything that ends a command early. ``hint`` says what a person can do, when that is known."""

    exit_code = ExitCode.FAILED
    temporary = False
    """Whether the same request may work a little later: a watcher goes on, a single command gives up."""

    in_doubt = False
    """Whether the request may have been carried out all the same."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreachable(Failure):
    """Nobody answered, or whoever did is not the Portage API."""

    exit_code = ExitCode.UNREACHABLE
    temporary = True


class Unauthorised(Failure):
    """The API did not accept the function key (401)."""

    exit_code = ExitCode.UNAUTHORISED


class Refused(Failure):
    """The API answered with an error; ``problem`` is its problem document (RFC 9457), empty when it sent none."""

    def __init__(self, status: int, problem: Json) -> None:
        """``status`` is the HTTP status."""
        self.status = status
        self.problem: JsonObject = as_map(problem)
        broken = status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED
        # Without a problem document it was a proxy or a host that is still starting, not the API.
        self.exit_code = ExitCode.UNREACHABLE if broken and not self.problem.get("code") else ExitCode.REFUSED
        self.temporary = broken or status == _TOO_MANY_REQUESTS
        self.in_doubt = self.exit_code is ExitCode.UNREACHABLE
        title, code, detail = (self.problem.get(name) for name in ("title", "code", "detail"))
        headline = f"{title or f'the API answered HTTP {status}'}{f' ({code})' if code else ''}"
        hint = self.problem.get("hint")
        super().__init__(f"{headline}: {detail}" if detail else headline, hint=str(hint) if hint else None)
