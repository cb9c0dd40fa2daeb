"""From the feed entries that comments name to the posts they stand for (API facts §4.3).

No answer holds a post and the id of its entry together, but cursors go by it: a post that is found both after the entry
before (``FIRST_ID``) and before the entry after (``LAST_ID``) is the one with that very id, in whichever order the list
comes. Whatever else is found proves nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.readers.attempts import attempt
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import EntityStopped
from shared.model.json import Json, JsonObject, as_list, as_map

METHOD = "log.blogpost.get"
_AT_ONCE = MOST_COMMANDS // 2
_MOST_KEPT = 200_000


@dataclass(slots=True)
class LogEntries:
    """Posts by the id of their feed entry; an entry's post never changes, so known ones are kept.

    Entries that no webhook can tell are kept for one generation of a run: the next one may have other webhooks.
    """

    _known: dict[str, JsonObject] = field(default_factory=dict)
    _missed: set[tuple[str, str]] = field(default_factory=set)

    @property
    def proven(self) -> bool:
        """Whether this portal's cursors are known to work: some entry was found."""
        return bool(self._known)

    def unasked(self, entries: Iterable[str], generation: str) -> set[str]:
        """Those that have to be asked for."""
        return {one for one in entries if one not in self._known and (generation, one) not in self._missed}

    async def find(
        self, entries: Collection[str], webhooks: Sequence[Webhook], generation: str
    ) -> tuple[dict[str, JsonObject], int]:
        """(``{entry: {"ID", "DATE_PUBLISH"}}`` for those that some of ``webhooks`` can tell, calls made)."""
        calls = 0
        found = {entry: self._known[entry] for entry in entries if entry in self._known}
        wanted = self.unasked(entries, generation)
        for webhook in webhooks:
            left = sorted(wanted.difference(found), key=int)
            for start in range(0, len(left), _AT_ONCE):
                part = left[start : start + _AT_ONCE]
                asked = {key: command for entry in part for key, command in _commands(entry).items()}
                try:
                    attempts = await attempt(webhook, asked)
                except EntityStopped:
                    break  # this webhook may not ask; another one may
                calls += len(attempts.raw)
                known = {entry: post for entry in part if (post := _proven(entry, attempts.results)) is not None}
                found |= known
                self._keep(known)
        if len(self._missed) + len(wanted) > _MOST_KEPT:
            self._missed.clear()
        self._missed.update((generation, entry) for entry in wanted.difference(found))
        return found, calls

    def _keep(self, known: Mapping[str, JsonObject]) -> None:
        if len(self._known) + len(known) > _MOST_KEPT:
            self._known.clear()
        self._known.update(known)


def _commands(entry: str) -> dict[str, Command]:
    number = int(entry)
    return {
        f"after{entry}": (METHOD, {"FIRST_ID": number - 1, "LIMIT": 1}),
        f"before{entry}": (METHOD, {"LAST_ID": number + 1, "LIMIT": 1}),
    }


def _proven(entry: str, results: Mapping[str, Json]) -> JsonObject | None:
    after, before = (as_list(results.get(f"{side}{entry}")) for side in ("after", "before"))
    if len(after) != 1 or len(before) != 1:
        return None
    post, other = as_map(after[0]), as_map(before[0])
    if not str(post.get("ID", "")).isdecimal() or post["ID"] != other.get("ID"):
        return None
    return {"ID": str(post["ID"]), "DATE_PUBLISH": post.get("DATE_PUBLISH")}
