"""Putting what is done for a run into the trace of the request that started it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from shared.model.errors import PortageError
from shared.ports.stores import RunStore
from shared.ports.tracing import Collect, OpenSpan, SpanKind, TraceContext, entering, span

_MOST = 100
_Known = tuple[TraceContext | None, str]


@dataclass(slots=True)
class Tracing:
    """Opens traces. The run's row says to which one its work belongs; nothing of it travels in messages or history."""

    runs: RunStore
    collect: Collect
    _known: dict[str, _Known] = field(default_factory=dict)

    @contextmanager
    def request(self, name: str, caller: str | None, host: str | None, **facts: str) -> Iterator[OpenSpan]:
        """A span around the handling of a request, in the trace that it came with or in one of its own.

        ``caller`` and ``host`` are the ``traceparent`` of the request and of the platform's invocation. A platform that
        gives one goes on from the caller's, and writes a request item of its own: then ours is a step of that.
        """
        around = TraceContext.parse(host)
        kind = SpanKind.WORK if around else SpanKind.REQUEST
        with entering(self.collect, around or TraceContext.parse(caller), **facts), span(name, kind) as opened:
            yield opened

    @asynccontextmanager
    async def work(self, name: str, run_id: str, **facts: str) -> AsyncIterator[None]:
        """A span around work for a run; spans, calls and log lines inside bear ``run_id``, ``plan`` and ``facts``.

        A run that cannot be read just now is no reason not to work: then the trace begins here.
        """
        context, plan = await self._of(run_id)
        with entering(self.collect, context, run_id=run_id, **({"plan": plan} if plan else {}), **facts), span(name):
            yield

    async def _of(self, run_id: str) -> _Known:
        if run_id not in self._known:
            try:
                run = await self.runs.get(run_id)
            except PortageError:
                return None, ""
            if run is None:
                return None, ""
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[run_id] = TraceContext.parse(run.trace), run.plan
        return self._known[run_id]
