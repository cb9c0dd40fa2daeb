"""How the lab's programs are told to stop: SIGTERM, Ctrl-C, or the terminal that is closed."""

import signal
from types import FrameType

_ASKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop_when_asked() -> None:
    """Raise KeyboardInterrupt in the main thread at the first of the signals, and ignore the others.

    A closed terminal sends its signal more than once, and a second one must not cut the clearing up short. Who started
    the program with a signal ignored (nohup does it) wants it ignored.
    """
    for number in _ASKING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def ignore_further_signals() -> None:
    """From here on the program ends in its own time."""
    for number in _ASKING:
        signal.signal(number, signal.SIG_IGN)


def _stop(_number: int, _frame: FrameType | None) -> None:
    ignore_further_signals()
    raise KeyboardInterrupt
