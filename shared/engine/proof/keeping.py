"""Findings as they are kept: all of them, as lines of JSON, in blobs beside the one that their row names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from shared.engine.proof.findings import Finding
from shared.engine.runs.flaws import Place
from shared.model.json import JsonObject
from shared.model.ledger import PageRow
from shared.ports.stores import Archive

LINES = 1000
"""Of one blob. Who is given a place in the list reads the blob that it lies in, and none before."""


@dataclass(slots=True)
class Keeping:
    """Keeps what one attempt at a row finds; ``told`` is the blob that the row is going to name.

    No more than one blob of findings is in memory at a time. ``count`` is that of all.
    """

    archive: Archive
    told: str
    count: int = 0
    _lines: list[bytes] = field(default_factory=list)

    async def add(self, findings: Iterable[Finding]) -> None:
        """Some more."""
        for finding in findings:
            self._lines.append(orjson.dumps(finding.document()))
            self.count += 1
            if len(self._lines) == LINES:
                await self.close()

    async def close(self) -> None:
        """Write what is left. To be called before the row is completed."""
        if self._lines:
            await self.archive.put(_blob(self.told, (self.count - 1) // LINES), b"\n".join(self._lines))
            self._lines = []


async def kept(
    archive: Archive, rows: Iterable[PageRow], size: int, after: Place | None = None
) -> tuple[list[tuple[Place, JsonObject]], Place | None]:
    """Up to ``size`` findings of ``rows`` behind ``after``, and the place to go on from, None at the end."""
    found: list[tuple[Place, JsonObject]] = []
    for row in sorted((row for row in rows if row.counts.findings), key=lambda row: Place.of(row, 0)):
        start = _start(row, after)
        while start < row.counts.findings and len(found) <= size:
            lines = await _lines(archive, row, start // LINES)
            for index, line in enumerate(lines[start % LINES :], start):
                found.append((Place.of(row, index), orjson.loads(line)))
            start = (start // LINES + 1) * LINES
        if len(found) > size:
            break
    return found[:size], found[size - 1][0] if len(found) > size else None


def _start(row: PageRow, after: Place | None) -> int:
    """The index of the first finding of ``row`` that lies behind ``after``."""
    if after is None or Place.of(row, 0) > after:
        return 0
    same = (after.entity, after.range_no, after.row) == (row.key.entity, row.key.range_no, row.key.row)
    return after.index + 1 if same else row.counts.findings


async def _lines(archive: Archive, row: PageRow, number: int) -> Sequence[bytes]:
    return (await archive.get(_blob(row.receipts or "", number))).splitlines()


def _blob(told: str, number: int) -> str:
    return f"{told.removesuffix('.json')}-findings-{number:05d}.ndjson"
