"""Proving files: all of them by the target's list, and some of them fetched, held against their checksum and opened."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from shared.engine.proof.findings import Finding
from shared.engine.proof.listings import Listed, version_of
from shared.engine.proof.slices import Slice
from shared.model.errors import RecordRejected, RetryLater
from shared.model.json import JsonObject
from shared.model.records import SourceRecord

_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a file that is being looked at; a longer one lies on disk meanwhile."""

_READ = 1024 * 1024

_ROUNDS = 3
"""How often a file is asked for, while the target answers everything else, until it counts as lost."""

MayCall = Callable[[], Awaitable[None]]


class _Lost(Exception):
    """The target lists a file and does not hand it out. ``known`` tells whether it says itself that it is gone."""

    def __init__(self, message: str, *, known: bool) -> None:
        super().__init__(message)
        self.known = known


async def prove_files(slice_: Slice, listed: Listed, may_call: MayCall, late: Callable[[], bool]) -> int:
    """Judge the files of a slice in their order; answers how many were, before it was ``late``.

    No file is fetched after that, but one at least. Raises what the target raises.
    """
    described = {record.id: _described(slice_, record) for record in slice_.records if record.id in slice_.known}
    there = [source_id for source_id, data in described.items() if data and _is_there(slice_, listed, source_id, data)]
    drawn, looked_at = slice_.drawn(there), 0
    for judged, record in enumerate(slice_.records):
        entry, data = slice_.known.get(record.id), described.get(record.id)
        if entry is None or data is None:
            continue
        if entry.target_id not in listed.targets:
            slice_.note_gone(entry)
        elif not _is_there(slice_, listed, record.id, data):
            message = "the target lists another content under its id"
            slice_.note("differs", record.id, entry.target_id, message, field="checksum")
            slice_.altered.add(record.id)
        elif record.id in drawn:
            if looked_at and late():
                return judged
            await _look_at(slice_, record.id, entry.target_id, data, may_call)
            looked_at += 1
    return len(slice_.records)


def _is_there(slice_: Slice, listed: Listed, source_id: str, data: JsonObject) -> bool:
    """Whether the target lists a file with the content that it should have."""
    target_id = slice_.known[source_id].target_id
    return target_id in listed.targets and version_of(target_id, str(data["checksum"])) in listed.versions


def _described(slice_: Slice, record: SourceRecord) -> JsonObject | None:
    try:
        return slice_.job.mappings[slice_.entity].apply(record).data
    except RecordRejected:
        return None


async def _look_at(slice_: Slice, source_id: str, target_id: str, data: JsonObject, may_call: MayCall) -> None:
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        content = cast("BinaryIO", spool)
        try:
            told = await _fetched(slice_, target_id, content, may_call)
        except _Lost as lost:
            slice_.note_lost(source_id, target_id, str(lost), known=lost.known)
            return
        slice_.sampled.add(source_id)
        slice_.looked_at.add(source_id)
        wrong = await _wrong(told, data, content)
        if wrong is not None:
            told = await _again(slice_, target_id, content, may_call) or told
            wrong = await _wrong(told, data, content)
        if wrong is not None:
            slice_.unequal.add(source_id)
            slice_.note("differs", source_id, target_id, wrong, field="content")
            slice_.altered.add(source_id)
            return
        content.seek(0)
        complaint = await asyncio.to_thread(slice_.job.opens, content)
    if complaint is not None:
        slice_.unopened.add(source_id)
        message = f"is what the source has, and cannot be opened: {complaint}"
        slice_.found.findings.append(Finding("unopened", source_id, target_id, message, "content"))


async def _again(slice_: Slice, target_id: str, content: BinaryIO, may_call: MayCall) -> str | None:
    """A second look at a file that seems spoiled: the way here may have damaged it. None when it did not come again."""
    try:
        return await _fetched(slice_, target_id, content, may_call)
    except _Lost:
        return None


async def _fetched(slice_: Slice, target_id: str, content: BinaryIO, may_call: MayCall) -> str:
    """The checksum that the target tells of a file. Raises _Lost.

    A file alone is lost only if the target answers otherwise, so it is asked for something else in between; when it
    does not answer that, it is out, and what it raises says so. One lost file is proof enough that the disk has holes:
    the others of the slice have one try each.
    """
    target, rounds = slice_.job.target, 1 if slice_.lost else _ROUNDS
    told = RetryLater("target.unreachable", "")
    for _ in range(rounds):
        await may_call()
        content.seek(0)
        content.truncate()
        try:
            return await target.fetch(target_id, content)
        except RecordRejected as error:
            await target.capabilities()
            raise _Lost(f"is listed, and its content is gone: {error.message}", known=True) from error
        except RetryLater as error:
            await target.capabilities()
            told = error
    raise _Lost(f"is listed, and its content could not be read: {told.message}", known=False) from told


async def _wrong(told: str, data: JsonObject, content: BinaryIO) -> str | None:
    size = content.seek(0, 2)
    digest = await asyncio.to_thread(_digest, content)
    if size != data["size"]:
        return f"has {size} bytes instead of {data['size']}"
    if digest != data["checksum"]:
        return "its bytes are not those that were sent"
    return None if told == digest else "the target tells another checksum than that of its bytes"


def _digest(content: BinaryIO) -> str:
    content.seek(0)
    digest = hashlib.sha256()
    while block := content.read(_READ):
        digest.update(block)
    return digest.hexdigest()
