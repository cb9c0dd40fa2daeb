"""The exit codes of every command; scripts rely on them."""

from enum import IntEnum

from shared.model.run import RunState


class ExitCode(IntEnum):
    """How a command ended. ``meaning`` is what the help and the reference say."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> "ExitCode":
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "done; a run that was shown is completed or under way"
    FAILED = 1, "the run failed, or is halted, cancelled or rolled back; or a check failed"
    USAGE = 2, "wrong command line or local configuration; nothing was sent"
    COMPLETED_WITH_ERRORS = 3, "the run is completed, with errors"
    REFUSED = 4, "the API refused the request, or knows nothing of what it names"
    UNREACHABLE = 5, "the API gave no answer"
    UNAUTHORISED = 6, "the API did not accept the function key"
    BLOCKED = 7, "a run of the plan would not get through; see the blockers"
    INTERRUPTED = 130, "Ctrl-C; the run goes on"


_OUTCOMES = {
    RunState.COMPLETED_WITH_ERRORS: ExitCode.COMPLETED_WITH_ERRORS,
    RunState.HALTED: ExitCode.FAILED,
    RunState.FAILED: ExitCode.FAILED,
    RunState.CANCELLED: ExitCode.FAILED,
    RunState.ROLLED_BACK: ExitCode.FAILED,
}


def exit_code_for(state: str) -> ExitCode:
    """The exit code that tells a script how a run stands."""
    return next((code for outcome, code in _OUTCOMES.items() if outcome == state), ExitCode.OK)
