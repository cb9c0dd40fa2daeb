"""Seals: digests of slices whose records are in the target for good, so that a re-run has nothing to do about them.

A slice that is done gets the digest of its records as a seal, and its receipts name those that are open: with a flaw,
waiting for something, not of one origin, or referring to what has no target id or may get another. The next writing
run of the plan, which follows that one with nothing in between, believes the seal of the row in the same place if its
own slice has the same, and looks at the open records alone. Any doubt breaks a seal; each run seals anew.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import orjson

from shared.engine.importing.describing import Descriptions
from shared.engine.importing.lookup import Moment, Own, References
from shared.engine.importing.origins import Origins, links_of
from shared.engine.importing.outcome import Outcome
from shared.engine.job import Job
from shared.model.ledger import PageRow, Stage
from shared.model.records import SourceRecord
from shared.model.run import Run
from shared.ports.stores import Stores

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Seal:
    """What the records of a slice come to; ``vouched`` are those that the run before says are in for good.

    ``undecided`` is what that run found in the same records.
    """

    digest: str | None = None
    vouched: frozenset[str] = frozenset()
    undecided: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seals:
    """Recognises seals, and finds out what is open when one is given."""

    stores: Stores
    references: References
    descriptions: Descriptions

    async def of(self, run: Run, job: Job, row: PageRow, records: Sequence[SourceRecord]) -> Seal:
        """Of the records of a slice, and all that they are transformed by; of any other row, and run, none."""
        if not run.mode.writes or row.key.stage is not Stage.IMPORT:
            return Seal()
        mapping = job.mappings[row.key.entity]
        around = await self.descriptions.of(run, job, row.key.entity)
        digest = Origins.of(mapping, around, records).digest_of_all()
        earlier = await self.stores.ledger.get(replace(row.key, run_id=run.follows)) if run.follows else None
        if earlier is None or earlier.seal != digest:
            return Seal(digest)
        try:
            receipts = await self.stores.archive.get(earlier.receipts or "")
        except KeyError:  # retention may take them before the ledger's rows
            return Seal(digest)
        told: dict[str, list[str]] = orjson.loads(receipts)["open"]
        open_ids = frozenset().union(*(told.get(name, ()) for name in (_ANY, *run.entities)))
        settled = (one.id for one in records if one.id not in open_ids and not mapping.leaves_out(one))
        return Seal(digest, frozenset(settled), earlier.undecided)

    async def open_of(self, run: Run, outcome: Outcome) -> dict[str, list[str]]:
        """Records of a slice that is done of which a later run of the same might make something else.

        Those that refer to what may get another target id stand under the entity of that, the others under ``*``.
        """
        known = {one: entry for one in outcome.places if (entry := outcome.known.get(one)) is not None}
        links = {one: links_of((entry,)) for one, entry in known.items() if entry.origin is not None}
        firm = {link for found in links.values() for link in found if link.entity not in outcome.volatile}
        own = Own(outcome.results.row.key.entity, outcome.places, outcome.known)
        lookup = own.first(await self.references.lookup(run, Moment(Stage.IMPORT), own.others(firm)))
        missing = {link for link in firm if lookup(link.entity, link.source_id) is None}
        opened = defaultdict(list)
        for one in sorted(outcome.places):
            if one not in links or one in outcome.results.unsettled or not missing.isdisjoint(links[one]):
                opened[_ANY].append(one)
            for entity in {link.entity for link in links.get(one, ())} & outcome.volatile:
                opened[entity].append(one)
        return dict(opened)
