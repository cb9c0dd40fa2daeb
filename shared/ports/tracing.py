"""Which work belongs to which run: trace contexts (W3C Trace Context) and the spans of what is done in them.

The scope travels with the task, as evidence of calls does: whoever calls deep inside needs to be handed nothing.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.model.errors import PortageError

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_OK = "ok"


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A place in a trace: its id (32 hexadecimal digits) and that of a span (16)."""

    trace_id: str
    span_id: str

    @staticmethod
    def new() -> "TraceContext":
        """The beginning of a trace."""
        return TraceContext(secrets.token_hex(16), secrets.token_hex(8))

    @staticmethod
    def parse(traceparent: str | None) -> "TraceContext | None":
        """Read a ``traceparent`` header; None when it is none (https://www.w3.org/TR/trace-context/#traceparent-header).

        Of versions to come only what version 00 has is read.
        """
        text = (traceparent or "").strip()
        found = _TRACEPARENT.fullmatch(text)
        if found is None or (text.startswith("00") and found.end() != found.end(2) + 3):
            return None
        return TraceContext(found[1], found[2])

    def __str__(self) -> str:
        """As a ``traceparent`` header that asks for recording."""
        return f"00-{self.trace_id}-{self.span_id}-01"

    def child(self) -> "TraceContext":
        """A new span of the same trace."""
        return TraceContext(self.trace_id, secrets.token_hex(8))


class SpanKind(StrEnum):
    """What a span stands for."""

    REQUEST = "request"  # somebody called us
    WORK = "work"  # something we do by ourselves
    CALL = "call"  # we called somebody


@dataclass(frozen=True, slots=True)
class Span:
    """What was done, when, and how it went.

    ``parent`` is the id of the span around it. ``began`` is in seconds since 1970, ``verdict`` is ``ok``, a reason's
    code or the type of an error; ``ok`` says whether the verdict is good. ``attributes`` hold ids and names of methods.
    """

    name: str
    kind: SpanKind
    context: TraceContext
    parent: str | None
    began: float
    seconds: float
    verdict: str
    ok: bool
    attributes: Mapping[str, str]


Collect = Callable[[Span], None]


def ignore(_span: Span) -> None:
    """Collects for nobody."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the work of this task belongs. ``context`` is None before the first span of a trace of its own.

    ``facts`` (run_id, plan, entity) come along with every span and log line.
    """

    collect: Collect
    context: TraceContext | None
    facts: dict[str, str]


@dataclass(slots=True)
class OpenSpan:
    """A span that has not ended."""

    context: TraceContext
    attributes: dict[str, str] = field(default_factory=dict)
    verdict: str = _OK
    ok: bool = True

    def end_as(self, verdict: str, *, ok: bool) -> None:
        """How it went, where that is more than whether an exception came out."""
        self.verdict, self.ok = verdict, ok


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def scope() -> Scope | None:
    """Where the work of this task belongs, or None when nobody collects it."""
    return _scope.get()


def traceparent() -> str | None:
    """The current span as a header, or None outside of any."""
    current = _scope.get()
    return str(current.context) if current and current.context else None


@contextmanager
def entering(collect: Collect, context: TraceContext | None, **facts: str) -> Iterator[None]:
    """What is done inside belongs below ``context``, or begins a trace; tasks that are started inside, too."""
    token = _scope.set(Scope(collect, context, facts))
    try:
        yield
    finally:
        _scope.reset(token)


def learn(**facts: str) -> None:
    """Further facts of the current scope; spans that are open and everything to come bear them, too."""
    current = _scope.get()
    if current is not None:
        current.facts.update(facts)


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.WORK, **attributes: str) -> Iterator[OpenSpan]:
    """A span around what is done inside, which fails with what comes out of it; without a scope nobody learns of it."""
    outer = _scope.get()
    if outer is None:
        yield OpenSpan(TraceContext.new())
        return
    context = outer.context.child() if outer.context else TraceContext.new()
    opened = OpenSpan(context, attributes)
    token = _scope.set(replace(outer, context=context))
    began, started = time.time(), time.monotonic()
    try:
        yield opened
    except BaseException as error:
        opened.end_as(error.reason.code if isinstance(error, PortageError) else type(error).__name__, ok=False)
        raise
    finally:
        _scope.reset(token)
        parent = outer.context.span_id if outer.context else None
        seconds = time.monotonic() - started
        outer.collect(
            Span(
                name, kind, context, parent, began, seconds, opened.verdict, opened.ok, outer.facts | opened.attributes
            )
        )
