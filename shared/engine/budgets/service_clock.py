"""Reading another machine's clock that is told in whole seconds."""


class ServiceClock:
    """The storage service's time on this process's own clock.

    The service tells whole seconds only. Each telling is a lower bound, and so is the highest of all of them carried
    forward, which after a few tellings is right to within the way of an answer.
    """

    def __init__(self) -> None:
        self._ahead = float("-inf")

    def read(self, told: float, received: float) -> float:
        """The service's time when ``told`` was ``received``; never more than a second above it."""
        self._ahead = min(max(self._ahead, told - received), told + 1.0 - received)
        return received + self._ahead

    def local(self, instant: float) -> float:
        """An instant of the service on this process's clock."""
        return instant - self._ahead
