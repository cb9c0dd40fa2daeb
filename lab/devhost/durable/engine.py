"""Runs the orchestrations of a task hub. Exactly one process at a time does this: the owner."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from azure.core.exceptions import AzureError

from lab.devhost.durable.calls import DurableFunctions
from lab.devhost.durable.episode import Reply, RuntimeStatus
from lab.devhost.durable.family import child_failed, report_again
from lab.devhost.durable.history import Event, EventType, event, utc_now
from lab.devhost.durable.instance import Instance
from lab.devhost.durable.rewind import rewind_history
from lab.devhost.durable.state import Message, Summary
from lab.devhost.durable.store import OrchestrationStore, StaleStateError
from lab.devhost.hostjson import DurableConfig
from lab.devhost.options import HostOptions

log = logging.getLogger(__name__)

_POLL_SECONDS = (0.1, 1.0)
_REMEMBERED_KEYS = 10_000


class Engine:
    """Keeps every active instance in memory, feeds it messages and runs the activities it asks for."""

    def __init__(
        self,
        store: OrchestrationStore,
        functions: DurableFunctions,
        config: DurableConfig,
        options: HostOptions,
    ) -> None:
        self.store = store
        self.options = options
        self.max_actions = config.max_actions
        self.episode_slots = asyncio.Semaphore(config.max_orchestrators)
        self._activity_slots = asyncio.Semaphore(config.max_activities)
        self._functions = functions
        self._instances: dict[str, Instance] = {}
        self._known: set[str] = set()
        self._retired: deque[str] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._activity_tasks: set[asyncio.Task[None]] = set()
        self._loading = asyncio.Lock()
        self._polling: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def is_running(self) -> bool:
        """True while this process owns the orchestrations."""
        return self._polling is not None

    async def start(self) -> None:
        """Take up every instance that has not ended, then watch the inbox."""
        self._stopping = False
        for instance_id in [summary.instance_id async for summary in self.store.summaries(active_only=True)]:
            try:
                await self._load(instance_id)
            except (ValueError, KeyError):
                log.exception("the instance %s cannot be read and is left alone", instance_id)
        self._polling = asyncio.create_task(self._poll())

    async def stop(self, grace_seconds: float) -> None:
        """Let running activities finish within the grace period, then let go; the rest is in the storage."""
        self._stopping = True
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None
        if self._activity_tasks and grace_seconds > 0:
            await asyncio.wait(self._activity_tasks, timeout=grace_seconds)
            await self._settle()
        for instance in list(self._instances.values()):
            instance.close()
        self._instances.clear()
        for task in [*self._tasks, *self._activity_tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._activity_tasks, return_exceptions=True)
        self._known.clear()
        self._retired.clear()

    async def _settle(self) -> None:
        """Give the completions that just arrived a moment to be committed."""
        for _ in range(20):
            if not any(instance.has_work for instance in self._instances.values()):
                return
            await asyncio.sleep(0.05)

    def accept(self, message: Message) -> None:
        """Take a message that this very process has just put in the inbox, without waiting for the next poll."""
        if self.is_running:
            self._spawn(self._deliver_safely(message))

    async def ask(self, name: str, body: str) -> Reply:
        """Run an orchestrator function over `body`."""
        return await self._functions.orchestrate(name, body)

    def start_activity(self, instance: Instance, scheduled: Event) -> None:
        """Run an activity and deliver its completion, at least once: nothing is written before the episode commits."""
        for _ in range(2 if random.random() < self.options.duplicate_activities else 1):
            task = asyncio.create_task(self._run_activity(instance, scheduled))
            self._activity_tasks.add(task)
            task.add_done_callback(self._activity_tasks.discard)

    async def _run_activity(self, instance: Instance, scheduled: Event) -> None:
        execution_id = instance.summary.execution_id
        async with self._activity_slots:
            if instance.closed or self._stopping:
                return
            completion = await self._functions.run_activity(scheduled)
        instance.deliver(Message(instance.summary.instance_id, event=completion, execution_id=execution_id))

    async def create_child(self, child: Summary) -> Message | None:
        """Insert a child's state row. After a crash it may be there already; any other conflict fails."""
        if child.parent is None:
            raise ValueError("a child needs a parent")
        existing = await self.store.find(child.instance_id)
        if existing is None:
            try:
                await self.store.create(child)
            except StaleStateError:
                return await self.create_child(child)
            return None
        if existing.parent == child.parent:
            return report_again(existing)
        if existing.status.is_terminal:
            await self.store.replace_ended(child, existing)
            return None
        reason = f"An Orchestration instance with the status {existing.status} already exists."
        return child_failed(child.parent, reason)

    def adopt_child(self, parent: Instance, child_id: str) -> None:
        """Load a child in the background and run it; one that has ended already reports to its parent again."""
        self._spawn(self._persistently(lambda: self._adopt_child(parent, child_id)))

    async def _adopt_child(self, parent: Instance, child_id: str) -> None:
        if await self._load(child_id) is not None:
            return
        child = await self.store.find(child_id)
        report = report_again(child) if child else None
        if report is not None and report.instance_id == parent.summary.instance_id:
            parent.deliver(report)

    async def send(self, message: Message) -> None:
        """Persist a message for another instance, then deliver it here."""
        self.accept(await self.store.send(message))

    async def consume(self, instance_id: str, keys: list[str]) -> None:
        """Delete consumed messages. Their keys are remembered, since a poll under way may still return them."""
        await self.store.consume(instance_id, keys)
        self._retired.extend(keys)
        while len(self._retired) > _REMEMBERED_KEYS:
            self._known.discard(self._retired.popleft())

    def release(self, instance: Instance, unprocessed: list[Message], *, reload: bool = False) -> None:
        """Forget an instance. The next poll brings its unprocessed messages back, for whoever has its id then."""
        instance_id = instance.summary.instance_id
        if self._instances.get(instance_id) is instance:
            del self._instances[instance_id]
        self._known.difference_update(message.key for message in unprocessed)
        if reload and not self._stopping:
            self._spawn(self._persistently(lambda: self._load(instance_id)))

    async def _persistently(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do what no message in the inbox would bring about again, through a storage that stumbles."""
        while not self._stopping:
            try:
                await work()
            except AzureError as error:
                log.warning("an instance cannot be read; trying again: %s", error)
                await asyncio.sleep(_POLL_SECONDS[-1])
            else:
                return

    async def _adopt(self, summary: Summary) -> Instance:
        instance = Instance(summary, await self.store.history(summary), self)
        self._instances[summary.instance_id] = instance
        instance.resume()
        self._spawn(instance.run())
        return instance

    async def _load(self, instance_id: str) -> Instance | None:
        async with self._loading:
            loaded = self._instances.get(instance_id)
            if loaded is not None:
                return loaded
            summary = await self.store.find(instance_id)
            return None if summary is None or summary.status.is_terminal else await self._adopt(summary)

    async def _poll(self) -> None:
        shortest, longest = _POLL_SECONDS
        delay = shortest
        while True:
            try:
                found = [message async for message in self.store.inbox(self._known)]
                for message in found:
                    await self._deliver(message)
                delay = shortest if found else min(longest, delay * 1.5)
            except AzureError as error:
                log.warning("the inbox cannot be read; trying again: %s", error)
                delay = longest
            except Exception:
                log.exception("a message could not be delivered; trying again")
                delay = longest
            await asyncio.sleep(delay)

    async def _deliver_safely(self, message: Message) -> None:
        try:
            await self._deliver(message)
        except AzureError:
            log.warning("a message could not be delivered at once; the next poll finds it in the inbox")

    async def _deliver(self, message: Message) -> None:
        if message.key in self._known:
            return
        self._known.add(message.key)
        try:
            instance = await self._load(message.instance_id)
        except BaseException:
            self._known.discard(message.key)
            raise
        if instance is not None:
            instance.deliver(message)
            return
        if message.order == "rewind":
            await self._rewind(message.instance_id)
        await self.consume(message.instance_id, [message.key])

    async def _rewind(self, instance_id: str) -> None:
        summary = await self.store.find(instance_id)
        if summary is None or summary.status is not RuntimeStatus.FAILED:
            return
        history, children = rewind_history(await self.store.history(summary))
        for child in children:
            # Before the parent: it would take a child that is still Failed for one that has failed again.
            await self._rewind(child)
        summary.status, summary.output, summary.consumed = RuntimeStatus.RUNNING, None, []
        await self.store.rewrite_history(summary, history)
        instance = await self._load(instance_id)
        if instance is not None:
            instance.deliver(Message(instance_id, event=event(EventType.GENERIC, utc_now(), Data="Rewound")))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
