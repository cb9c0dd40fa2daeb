"""Cursors of pages to come: a long one lies in a blob, for a property of a table holds 32,768 characters at most."""

import hashlib
import json

from shared.model.json import JsonObject
from shared.model.ledger import PageKey
from shared.ports.stores import Archive

_INLINE = 8_000
"""Characters of JSON up to which a cursor stays in its row: a hundred such rows fit into one transaction of 4 MiB."""

_BLOB = "$blob"


async def stowed(archive: Archive, key: PageKey, cursor: JsonObject) -> JsonObject:
    """What the row of page ``key`` is to hold as its cursor: the cursor itself, or where it lies.

    The blob is named by its content: who stows the same cursor again replaces it by its like.
    """
    text = json.dumps(cursor)
    if len(text) <= _INLINE:
        return cursor
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    name = f"cursors/{key.run_id}/{key.entity}/{key.range_no:05d}-{key.seq:07d}-{digest}.json"
    await archive.put(name, text.encode())
    return {_BLOB: name}


async def fetched(archive: Archive, cursor: JsonObject | None) -> JsonObject:
    """The cursor that a page's row holds or points to; an empty one when it has none."""
    if cursor is None or cursor.keys() != {_BLOB}:
        return cursor or {}
    whole: JsonObject = json.loads(await archive.get(str(cursor[_BLOB])))
    return whole
