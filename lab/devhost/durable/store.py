"""Orchestrations in the storage account: one table for state and history, one for messages, blobs for large texts.

`<hub>Instances` holds per instance (PartitionKey) one row `state` and one row per committed episode
(`e<generation>-<number>`, the episode's events as JSON). Both are written in one transaction under the state row's
etag, so an episode is committed once or not at all, and a process that lost its ownership cannot commit.
`<hub>Inbox` holds messages that no episode has consumed yet. Texts beyond 30,000 characters go to blobs, because a
string property holds at most 32 Ki characters.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator, Container
from contextlib import suppress
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from lab.devhost.durable.episode import RuntimeStatus
from lab.devhost.durable.history import Event
from lab.devhost.durable.state import Message, Parent, Summary
from lab.devhost.storage import create_missing, open_container, open_table

_STATE = "state"
_INLINE_CHARACTERS = 30_000
_ROWS_PER_TRANSACTION = 50


class StaleStateError(Exception):
    """The instance was changed or removed by someone else; whoever holds it in memory must let go of it."""


class OrchestrationStore:
    """Reads and writes instances of one task hub. All methods raise azure-core errors when storage is unreachable."""

    def __init__(self, connection: str, hub: str) -> None:
        self._instances = open_table(connection, f"{hub}Instances")
        self._inbox = open_table(connection, f"{hub}Inbox")
        self._blobs = open_container(connection, f"{hub.lower()}-largemessages")
        self._counter = itertools.count()

    async def open(self) -> None:
        """Create tables and container where they are missing."""
        for create in (self._instances.create_table, self._inbox.create_table, self._blobs.create_container):
            await create_missing(create)

    async def close(self) -> None:
        """Close the connections."""
        for client in (self._instances, self._inbox, self._blobs):
            await client.close()

    async def create(self, summary: Summary) -> None:
        """Insert a new instance; raises `StaleStateError` when the id exists."""
        try:
            answer = await self._instances.create_entity(await self._state_row(summary))
        except ResourceExistsError:
            raise StaleStateError(summary.instance_id) from None
        summary.etag = answer["etag"]

    async def replace_ended(self, summary: Summary, ended: Summary) -> None:
        """Put a new instance in the place of an ended one of the same id; `StaleStateError` when that changed."""
        summary.generation = ended.generation + 1
        summary.etag = ended.etag
        await self.save(summary)
        await self.forget_generations(summary)

    async def find(self, instance_id: str) -> Summary | None:
        """The state of one instance, or `None`."""
        try:
            row = await self._instances.get_entity(instance_id, _STATE)
        except ResourceNotFoundError:
            return None
        return await self._summary(dict(row), str(row.metadata["etag"]))

    async def summaries(self, *, active_only: bool = False) -> AsyncIterator[Summary]:
        """All instances, or those that have not ended."""
        wanted = f"RowKey eq '{_STATE}'" + (" and Active eq true" if active_only else "")
        async for row in self._instances.query_entities(wanted):
            yield await self._summary(dict(row), str(row.metadata["etag"]))

    async def history(self, summary: Summary) -> list[Event]:
        """The committed events of the current execution, in order."""
        low, high = f"e{summary.generation:08}-", f"e{summary.generation:08}."
        query = f"PartitionKey eq @pk and RowKey ge '{low}' and RowKey lt '{high}'"
        rows = [
            dict(row) async for row in self._instances.query_entities(query, parameters={"pk": summary.instance_id})
        ]
        rows.sort(key=lambda row: str(row["RowKey"]))
        return [entry for row in rows for entry in json.loads(await self._text(row, "Events") or "[]")]

    async def save(self, summary: Summary, episode: list[Event] | None = None) -> None:
        """Commit the state and, with it, one episode's events; `StaleStateError` when the row is not ours any more."""
        match = {"etag": summary.etag, "match_condition": MatchConditions.IfNotModified, "mode": UpdateMode.REPLACE}
        operations: list[Any] = [("update", await self._state_row(summary), match)]
        if episode:
            key = f"e{summary.generation:08}-{summary.episodes:08}"
            row = {"PartitionKey": summary.instance_id, "RowKey": key}
            await self._put_text(row, "Events", json.dumps(episode))
            operations.append(("upsert", row, {"mode": UpdateMode.REPLACE}))
        try:
            answers = await self._instances.submit_transaction(operations)
        except (ResourceModifiedError, ResourceNotFoundError):
            raise StaleStateError(summary.instance_id) from None
        except HttpResponseError as error:
            if error.status_code in {404, 412}:
                raise StaleStateError(summary.instance_id) from None
            raise
        summary.etag = answers[0]["etag"]

    async def rewrite_history(self, summary: Summary, history: list[Event]) -> None:
        """Replace the history of an execution by one row (rewind); the state is committed with it."""
        old = summary.generation
        summary.generation, summary.episodes = old + 1, 1
        await self.save(summary, history)
        await self.forget_generations(summary)

    async def forget_generations(self, summary: Summary) -> None:
        """Delete episodes of earlier executions."""
        await self._delete_rows(summary.instance_id, f"RowKey ge 'e' and RowKey lt 'e{summary.generation:08}-'")

    async def purge(self, instance_id: str) -> None:
        """Delete everything about an instance: state first, so that a running owner cannot commit any more."""
        with suppress(ResourceNotFoundError):
            await self._instances.delete_entity(instance_id, _STATE)
        await self._delete_rows(instance_id, "RowKey ge 'e'")
        messages = self._inbox.query_entities("PartitionKey eq @pk", parameters={"pk": instance_id})
        await self.consume(instance_id, [row["RowKey"] async for row in messages])
        async for name in self._blobs.list_blob_names(name_starts_with=f"{instance_id}/"):
            await self._blobs.delete_blob(name)

    async def send(self, message: Message) -> Message:
        """Append a message to the inbox and return it with its key (keys grow with time)."""
        key = f"{time.time_ns():020}-{next(self._counter) % 10_000:04}-{uuid.uuid4().hex[:8]}"
        sent = Message(message.instance_id, key, message.event, message.order, message.execution_id)
        row: dict[str, Any] = {"PartitionKey": message.instance_id, "RowKey": key}
        await self._put_text(row, "Body", sent.dump())
        await self._inbox.create_entity(row)
        return sent

    async def inbox(self, known: Container[str]) -> AsyncIterator[Message]:
        """Unconsumed messages whose keys are not `known`, in the order of their keys within an instance."""
        async for row in self._inbox.list_entities():
            body = None if row["RowKey"] in known else await self._text(dict(row), "Body")
            if body is not None:
                yield Message.load(row["PartitionKey"], row["RowKey"], body)

    async def consume(self, instance_id: str, keys: list[str]) -> None:
        """Delete messages whose episode is committed; those already gone are ignored."""
        for key in keys:
            try:
                await self._inbox.delete_entity(instance_id, key)
            except ResourceNotFoundError:
                continue

    async def _delete_rows(self, instance_id: str, condition: str) -> None:
        query = f"PartitionKey eq @pk and {condition}"
        rows = self._instances.query_entities(query, parameters={"pk": instance_id}, select=["PartitionKey", "RowKey"])
        keys = [row["RowKey"] async for row in rows]
        for start in range(0, len(keys), _ROWS_PER_TRANSACTION):
            part = keys[start : start + _ROWS_PER_TRANSACTION]
            operations: list[Any] = [("delete", {"PartitionKey": instance_id, "RowKey": key}) for key in part]
            await self._instances.submit_transaction(operations)

    async def _state_row(self, summary: Summary) -> dict[str, Any]:
        row: dict[str, Any] = {
            "PartitionKey": summary.instance_id,
            "RowKey": _STATE,
            "Name": summary.name,
            "ExecutionId": summary.execution_id,
            "Created": summary.created,
            "Updated": summary.updated,
            "Status": str(summary.status),
            "Active": not summary.status.is_terminal,
            "Version": summary.version,
            "Generation": summary.generation,
            "Episodes": summary.episodes,
            "Consumed": json.dumps(summary.consumed),
        }
        if summary.parent:
            parent = summary.parent
            row["Parent"] = json.dumps([parent.instance_id, parent.execution_id, parent.task_id, parent.name])
        texts = {"Input": summary.raw_input, "Output": summary.output, "CustomStatus": summary.custom_status}
        if summary.carried:
            texts["Carried"] = json.dumps(summary.carried)
        for name, text in texts.items():
            if text is not None:
                await self._put_text(row, name, text)
        return row

    async def _summary(self, row: dict[str, Any], etag: str) -> Summary:
        parent = row.get("Parent")
        return Summary(
            instance_id=row["PartitionKey"],
            name=row["Name"],
            execution_id=row["ExecutionId"],
            created=row["Created"],
            updated=row["Updated"],
            status=RuntimeStatus(row["Status"]),
            version=row["Version"],
            generation=row["Generation"],
            episodes=row["Episodes"],
            raw_input=await self._text(row, "Input"),
            output=await self._text(row, "Output"),
            custom_status=await self._text(row, "CustomStatus"),
            parent=Parent(*json.loads(parent)) if parent else None,
            consumed=json.loads(row["Consumed"]),
            carried=json.loads(await self._text(row, "Carried") or "[]"),
            etag=etag,
        )

    async def _put_text(self, row: dict[str, Any], name: str, text: str) -> None:
        if len(text) <= _INLINE_CHARACTERS:
            row[name] = text
            return
        content = text.encode()
        # Named by content: a text that stays the same over many episodes is one blob.
        blob = f"{row['PartitionKey']}/{hashlib.sha256(content).hexdigest()}"
        await self._blobs.upload_blob(blob, content, overwrite=True)
        row[f"{name}Blob"] = blob

    async def _text(self, row: dict[str, Any], name: str) -> str | None:
        blob = row.get(f"{name}Blob")
        if blob is None:
            return row.get(name)
        try:
            return (await (await self._blobs.download_blob(blob)).readall()).decode()
        except ResourceNotFoundError:
            # A purge removed the blob between our reads; the row goes the same way.
            return None
