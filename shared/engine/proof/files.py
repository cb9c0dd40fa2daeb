"""Proving files: all of them by the target's list, and some of them fetched, held against their checksum and opened."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from shared.engine.job import Job
from shared.engine.proof.findings import Finding
from shared.engine.proof.listings import Listed, version_of
from shared.engine.proof.slices import Slice
from shared.model.errors import RecordRejected
from shared.model.json import JsonObject
from shared.model.records import SourceRecord

_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a file that is being looked at; a longer one lies on disk meanwhile."""

_READ = 1024 * 1024


async def prove_files(slice_: Slice, listed: Listed, may_call: Callable[[], Awaitable[None]]) -> None:
    """Judge the files of a slice. Raises what the target raises."""
    for record in slice_.records:
        entry = slice_.known.get(record.id)
        data = None if entry is None else _described(slice_, record)
        if entry is None or data is None:
            continue
        if entry.target_id not in listed.targets:
            slice_.note_gone(entry)
        elif version_of(entry.target_id, str(data["checksum"])) not in listed.versions:
            message = "the target lists another content under its id"
            slice_.note("differs", record.id, entry.target_id, message, field="checksum")
        elif slice_.is_sampled(record.id):
            await may_call()
            await _look_at(slice_, record.id, entry.target_id, data)


def _described(slice_: Slice, record: SourceRecord) -> JsonObject | None:
    try:
        return slice_.job.mappings[slice_.entity].apply(record).data
    except RecordRejected:
        return None


async def _look_at(slice_: Slice, source_id: str, target_id: str, data: JsonObject) -> None:
    slice_.sampled.add(source_id)
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        content = cast("BinaryIO", spool)
        wrong = await _wrong(slice_.job, target_id, data, content)
        if wrong is not None:
            slice_.unequal.add(source_id)
            slice_.note("differs", source_id, target_id, wrong, field="content")
            return
        content.seek(0)
        complaint = await asyncio.to_thread(slice_.job.opens, content)
    if complaint is not None:
        slice_.unopened.add(source_id)
        message = f"is what the source has, and cannot be opened: {complaint}"
        slice_.found.findings.append(Finding("unopened", source_id, target_id, message, "content"))


async def _wrong(job: Job, target_id: str, data: JsonObject, content: BinaryIO) -> str | None:
    try:
        told = await job.target.fetch(target_id, content)
    except RecordRejected as error:
        return f"cannot be fetched: {error.message}"
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
