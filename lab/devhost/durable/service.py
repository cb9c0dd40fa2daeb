"""What clients may ask of orchestrations, in any process: requests go through the storage, the owner picks them up."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from lab.devhost.durable.calls import DurableFunctions
from lab.devhost.durable.engine import Engine
from lab.devhost.durable.episode import RuntimeStatus
from lab.devhost.durable.history import Event, EventType, event, parse_timestamp, timestamp, utc_now
from lab.devhost.durable.state import Message, Summary
from lab.devhost.durable.store import OrchestrationStore, StaleStateError

_BAD_ID = re.compile(r"^@|[/\\#?\x00-\x1f\x7f]")


class BadRequestError(Exception):
    """The request cannot be served as it is (400)."""


class UnknownInstanceError(Exception):
    """There is no such instance (404)."""


class EndedInstanceError(Exception):
    """The instance is in a state in which it takes no such request (410)."""


class InstanceExistsError(Exception):
    """An instance of that id has not ended (500, as the extension answers)."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on instances; empty ones always hold."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    statuses: frozenset[RuntimeStatus] = frozenset()
    id_prefix: str = ""

    def accepts(self, summary: Summary) -> bool:
        """Whether the instance meets every condition."""
        created = parse_timestamp(summary.created)
        return (
            (self.created_from is None or created >= self.created_from)
            and (self.created_to is None or created <= self.created_to)
            and (not self.statuses or summary.status in self.statuses)
            and summary.instance_id.startswith(self.id_prefix)
        )


class OrchestrationService:
    """Start, query and steer instances."""

    def __init__(
        self, store: OrchestrationStore, engine: Engine, functions: DurableFunctions, default_version: str | None
    ) -> None:
        self._store = store
        self._functions = functions
        self._engine = engine
        self._default_version = default_version or ""

    async def start(self, name: str, instance_id: str | None, raw_input: str | None, version: str | None) -> str:
        """Create an instance (visible as Pending at once) and return its id.

        Raises `BadRequestError` for an unknown orchestrator or an invalid id, `InstanceExistsError` for an id in use.
        """
        if not self._functions.has_orchestrator(name):
            known = ", ".join(f"'{item}'" for item in self._functions.orchestrator_names())
            raise BadRequestError(
                f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function. "
                f"Additional info: The following are the known orchestrator functions: {known}."
            )
        wanted = instance_id or uuid.uuid4().hex
        if len(wanted) > 256 or _BAD_ID.search(wanted):
            raise BadRequestError("Instance IDs must have at most 256 characters, no leading '@' and none of / \\ # ?.")
        await self._create(self._new(name, wanted, raw_input, version))
        self._engine.accept(await self._store.send(Message(wanted, order="start")))
        return wanted

    def _new(self, name: str, instance_id: str, raw_input: str | None, version: str | None) -> Summary:
        now = timestamp(utc_now())
        chosen = self._default_version if version is None else version
        return Summary(instance_id, name, uuid.uuid4().hex, now, now, raw_input=raw_input, version=chosen)

    async def _create(self, summary: Summary) -> None:
        existing = await self._store.find(summary.instance_id)
        try:
            if existing is None:
                await self._store.create(summary)
                return
            if existing.status.is_terminal:
                await self._store.replace_ended(summary, existing)
                return
            status = existing.status
        except StaleStateError:
            status = RuntimeStatus.PENDING  # someone else started the same id between our read and our write
        raise InstanceExistsError(f"An Orchestration instance with the status {status} already exists.")

    async def find(self, instance_id: str) -> Summary:
        """One instance; raises `UnknownInstanceError`."""
        summary = await self._store.find(instance_id)
        if summary is None:
            raise UnknownInstanceError(instance_id)
        return summary

    async def history(self, summary: Summary) -> list[Event]:
        """The committed history of the current execution."""
        return await self._store.history(summary)

    async def query(self, wanted: Filter) -> list[Summary]:
        """All instances that the filter accepts, by id."""
        return [summary async for summary in self._store.summaries() if wanted.accepts(summary)]

    async def raise_event(self, instance_id: str, name: str, raw_input: str | None) -> None:
        """Send an external event; `raw_input` is JSON text."""
        entry = event(EventType.EVENT_RAISED, utc_now(), Name=name, Input=raw_input)
        await self._tell_running(instance_id, entry)

    async def terminate(self, instance_id: str, reason: str) -> None:
        """End the instance; activities and children that run go on."""
        await self._tell_running(instance_id, event(EventType.EXECUTION_TERMINATED, utc_now(), Input=reason))

    async def suspend(self, instance_id: str, reason: str) -> None:
        """Keep all messages aside until `resume`."""
        await self._tell_running(instance_id, event(EventType.EXECUTION_SUSPENDED, utc_now(), Reason=reason))

    async def resume(self, instance_id: str, reason: str) -> None:
        """Go on after `suspend`."""
        await self._tell_running(instance_id, event(EventType.EXECUTION_RESUMED, utc_now(), Reason=reason))

    async def rewind(self, instance_id: str) -> None:
        """Run the failed work of a failed instance again; `EndedInstanceError` when it has not failed."""
        if (await self.find(instance_id)).status is not RuntimeStatus.FAILED:
            raise EndedInstanceError(instance_id)
        self._engine.accept(await self._store.send(Message(instance_id, order="rewind")))

    async def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Start the same orchestrator with the same input again, under a new or the same id."""
        summary = await self.find(instance_id)
        return await self.start(summary.name, None if new_id else instance_id, summary.raw_input, summary.version)

    async def purge(self, instance_id: str) -> int:
        """Delete one instance; raises `UnknownInstanceError`."""
        await self.find(instance_id)
        await self._store.purge(instance_id)
        return 1

    async def purge_matching(self, wanted: Filter) -> int:
        """Delete the ended instances that the filter accepts; returns how many."""
        ended = [summary for summary in await self.query(wanted) if summary.status.is_terminal]
        for summary in ended:
            await self._store.purge(summary.instance_id)
        return len(ended)

    async def _tell_running(self, instance_id: str, entry: Event) -> None:
        if (await self.find(instance_id)).status.is_terminal:
            raise EndedInstanceError(instance_id)
        self._engine.accept(await self._store.send(Message(instance_id, event=entry)))
