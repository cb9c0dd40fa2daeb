"""One living orchestration instance: messages in, episodes one at a time, decisions out."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from dataclasses import replace
from typing import Protocol

from azure.core.exceptions import AzureError

from lab.devhost.durable.episode import Outcome, Reply, RuntimeStatus, completed_event, conclude, request_body
from lab.devhost.durable.family import child_completed, child_failed, new_child
from lab.devhost.durable.history import (
    COMPLETIONS,
    Event,
    EventType,
    event,
    open_decisions,
    parse_timestamp,
    played,
    timestamp,
    utc_now,
)
from lab.devhost.durable.limits import warn_about_rows
from lab.devhost.durable.mailbox import Mailbox, is_control
from lab.devhost.durable.state import Message, Summary
from lab.devhost.durable.store import OrchestrationStore, StaleStateError
from lab.devhost.options import HostOptions

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


class Surroundings(Protocol):
    """What an instance needs of the engine."""

    store: OrchestrationStore
    options: HostOptions
    max_actions: int
    episode_slots: asyncio.Semaphore

    async def ask(self, name: str, body: str) -> Reply:
        """Run the orchestrator function once."""

    def start_activity(self, instance: Instance, scheduled: Event) -> None:
        """Run an activity; its completion comes back through `Instance.deliver`."""

    async def create_child(self, child: Summary) -> Message | None:
        """Persist a child; the message is what the parent must be told at once (an id conflict), if anything."""

    def adopt_child(self, parent: Instance, child_id: str) -> None:
        """Begin to run a child whose creation `parent` has committed."""

    async def send(self, message: Message) -> None:
        """Persist a message for another instance and deliver it."""

    def release(self, instance: Instance, unprocessed: list[Message], *, reload: bool = False) -> None:
        """Forget an instance; its unprocessed messages are still in the inbox. `reload` reads its row again."""

    async def consume(self, instance_id: str, keys: list[str]) -> None:
        """Delete messages whose episode is committed."""


class Instance:
    """An active instance in memory. The storage is the truth; this holds what the next episode needs."""

    def __init__(self, summary: Summary, history: list[Event], around: Surroundings) -> None:
        self.summary = summary
        self.closed = False
        self._history = history
        self._played = [played(entry) for entry in history]
        self._around = around
        self._mailbox = Mailbox(around.options.completions_per_episode)
        self._is_busy = False
        self._timers: list[asyncio.TimerHandle] = []
        self._already_consumed = set(summary.consumed)
        self._open = open_decisions(history)

    @property
    def has_work(self) -> bool:
        """True while an episode runs, or messages wait for one that may run."""
        return self._is_busy or (len(self._mailbox) > 0 and self.summary.status is not RuntimeStatus.SUSPENDED)

    def resume(self) -> None:
        """Take up what a former owner left: open activities run again, timers are armed again."""
        if not self._history:
            self.deliver(Message(self.summary.instance_id, order="start"))
        for entry in list(self._open.values()):
            self._act_on(entry)

    def deliver(self, message: Message) -> None:
        """Queue a message for the next episode."""
        self._mailbox.put(message)

    def close(self) -> None:
        """Stop processing and disarm the timers; the storage is left as it is."""
        self.closed = True
        self._mailbox.wake()
        for handle in self._timers:
            handle.cancel()

    async def run(self) -> None:
        """Process messages until the instance ends, is closed, or belongs to someone else."""
        while not self.closed:
            await self._mailbox.wait()
            while not self.closed and (batch := self._next_batch()):
                self._is_busy = True
                try:
                    async with self._around.episode_slots:
                        await self._process(batch)
                except StaleStateError:
                    log.info("instance %s was changed elsewhere; it is dropped here", self.summary.instance_id)
                    self.close()
                    self._around.release(self, [*batch, *self._mailbox.waiting()], reload=True)
                except AzureError as error:
                    log.warning("an episode of %s will be repeated: %s", self.summary.instance_id, error)
                    await self._retry(batch)
                except Exception:
                    log.exception("an episode of %s was aborted and will be repeated", self.summary.instance_id)
                    await self._retry(batch)
                finally:
                    self._is_busy = False

    async def _retry(self, batch: list[Message]) -> None:
        self._mailbox.put_back(batch)
        await asyncio.sleep(_RETRY_SECONDS)

    def _next_batch(self) -> list[Message]:
        if self.summary.status is RuntimeStatus.SUSPENDED:
            return self._mailbox.take_control()
        if not self._history and self._mailbox.starts_with_control():
            # There is nothing to terminate or suspend before the execution has begun.
            return [Message(self.summary.instance_id, order="start")]
        return self._mailbox.take()

    async def _process(self, batch: list[Message]) -> None:
        wanted = self._wanted(batch)
        keys = [message.key for message in batch if message.key]
        if not wanted:
            await self._around.consume(self.summary.instance_id, keys)
            return
        changed = replace(self.summary, consumed=keys, updated=timestamp(utc_now()))
        control = wanted[0].event if is_control(wanted[0]) else None
        if control is None:
            await self._episode(changed, [message.event for message in wanted if message.event])
        elif control["EventType"] == EventType.EXECUTION_TERMINATED:
            await self._terminate(changed, control)
        else:
            await self._suspend_or_resume(changed, control)
        await self._around.consume(self.summary.instance_id, keys)

    def _wanted(self, batch: list[Message]) -> list[Message]:
        answered: set[int] = set()
        wanted = []
        for message in batch:
            if not self._wants(message):
                continue
            if message.event and (field := COMPLETIONS.get(message.event["EventType"])):
                if message.event[field] in answered:
                    continue  # the second delivery of one activity
                answered.add(message.event[field])
            wanted.append(message)
        return wanted

    def _wants(self, message: Message) -> bool:
        """Whether a message still means something: not consumed before, of this execution, answering an open task."""
        if message.key and message.key in self._already_consumed:
            return False
        if message.execution_id and message.execution_id != self.summary.execution_id:
            return False
        if message.event is None:
            return message.order == "start" and not self._history
        kind = message.event["EventType"]
        return kind not in COMPLETIONS or message.event[COMPLETIONS[kind]] in self._open

    async def _episode(self, summary: Summary, messages: list[Event]) -> None:
        now = utc_now()
        fresh = [event(EventType.ORCHESTRATOR_STARTED, now)]
        if not self._history:
            fresh += [summary.started_event(now), *summary.carried]
        fresh += messages
        body = request_body(
            summary.execution,
            self._played + [json.dumps(entry) for entry in fresh],
            is_replaying=bool(self._history),
        )
        reply = await self._around.ask(summary.name, body)
        max_actions = self._around.max_actions
        outcome = conclude(summary.execution, self._history + fresh, reply, now, max_actions=max_actions)
        summary.custom_status = None if outcome.custom_status is None else json.dumps(outcome.custom_status)
        if outcome.status is RuntimeStatus.CONTINUED_AS_NEW:
            await self._continue_as_new(summary, outcome)
        elif outcome.status.is_terminal:
            await self._end(summary, fresh, outcome)
        else:
            await self._go_on(summary, fresh, outcome)

    async def _go_on(self, summary: Summary, fresh: list[Event], outcome: Outcome) -> None:
        summary.status, summary.carried = RuntimeStatus.RUNNING, []
        conflicts = []
        for entry in outcome.events:
            if entry["EventType"] == EventType.SUB_ORCHESTRATION_CREATED:
                conflicts.append(await self._around.create_child(new_child(summary, entry)))
        await self._commit(summary, [*fresh, *outcome.events])
        for entry in outcome.events:
            self._act_on(entry)
        for conflict in conflicts:
            if conflict is not None:
                self.deliver(conflict)
        if outcome.code_ended:
            log.warning("the code of instance %s ended, but a task or timer of it is still open", summary.instance_id)

    async def _commit(self, summary: Summary, events: list[Event]) -> None:
        episode = [*events, event(EventType.ORCHESTRATOR_COMPLETED, utc_now())]
        summary.episodes += 1
        await self._around.store.save(summary, episode)
        self._settle(summary)
        before = len(self._history)
        self._history += episode
        self._played += [played(entry) for entry in episode]
        self._open = open_decisions(self._history)
        warn_about_rows(summary.instance_id, before, len(self._history))

    def _settle(self, summary: Summary) -> None:
        """What is committed is in force, even when the cleaning up after it fails and the batch comes again."""
        self.summary = summary
        self._already_consumed = set(summary.consumed)

    def _act_on(self, entry: Event) -> None:
        kind = entry["EventType"]
        if kind == EventType.TASK_SCHEDULED:
            self._around.start_activity(self, entry)
        elif kind == EventType.TIMER_CREATED:
            self._arm(entry)
        elif kind == EventType.SUB_ORCHESTRATION_CREATED:
            self._around.adopt_child(self, entry["InstanceId"])

    def _arm(self, created: Event) -> None:
        due = parse_timestamp(created["FireAt"])

        def fire() -> None:
            fired = event(EventType.TIMER_FIRED, utc_now(), TimerId=created["EventId"], FireAt=created["FireAt"])
            self.deliver(Message(self.summary.instance_id, event=fired, execution_id=execution_id))

        execution_id = self.summary.execution_id
        delay = max(0.0, (due - utc_now()).total_seconds())
        self._timers.append(asyncio.get_running_loop().call_later(delay, fire))

    async def _continue_as_new(self, summary: Summary, outcome: Outcome) -> None:
        summary.generation += 1
        summary.episodes = 0
        summary.execution_id = uuid.uuid4().hex
        summary.raw_input, summary.carried = outcome.result, outcome.carried
        summary.status = RuntimeStatus.RUNNING
        await self._around.store.save(summary)
        self._settle(summary)
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        self._history, self._played, self._open = [], [], {}
        self.deliver(Message(summary.instance_id, order="start"))
        await self._around.store.forget_generations(summary)

    async def _end(self, summary: Summary, fresh: list[Event], outcome: Outcome) -> None:
        failed = outcome.status is RuntimeStatus.FAILED
        summary.status, summary.output = outcome.status, json.dumps(outcome.result) if failed else outcome.result
        if summary.parent and failed:
            await self._around.send(child_failed(summary.parent, outcome.result or ""))
        elif summary.parent:
            await self._around.send(child_completed(summary.parent, summary.output))
        await self._commit(summary, [*fresh, *outcome.events, completed_event(outcome, utc_now())])
        if failed:
            log.warning("instance %s failed: %s", summary.instance_id, outcome.result)
        self._leave()

    async def _terminate(self, summary: Summary, message: Event) -> None:
        reason = str(message.get("Input") or "")
        if summary.parent:
            await self._around.send(child_failed(summary.parent, reason))
        summary.status, summary.output = RuntimeStatus.TERMINATED, json.dumps(reason)
        await self._commit(summary, [event(EventType.ORCHESTRATOR_STARTED, utc_now()), message])
        self._leave()

    def _leave(self) -> None:
        self.close()
        self._around.release(self, self._mailbox.waiting())

    async def _suspend_or_resume(self, summary: Summary, message: Event) -> None:
        suspend = message["EventType"] == EventType.EXECUTION_SUSPENDED
        if suspend != (summary.status is RuntimeStatus.SUSPENDED):
            summary.status = RuntimeStatus.SUSPENDED if suspend else RuntimeStatus.RUNNING
            await self._commit(summary, [event(EventType.ORCHESTRATOR_STARTED, utc_now()), message])
