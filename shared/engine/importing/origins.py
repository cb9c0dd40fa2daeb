"""Origins: digests of all that the canonical form of a record is made of.

A record whose origin is the one in its id-map row has the checksum that stands there too, so a re-run neither
transforms it nor computes anything over its content. What goes into an origin is everything a transformation sees: the
fields of the source that are mapped (or not ignored, where values are composed of a whole record), the mapping, its
surroundings, the code of the transformation, and the target ids of the records it refers to. A record that has flaws
gets no origin: it is done in full each time. One that refers to something without a target id gets its origin when
there is nothing left to wait for; each run looks whether that has come.
"""

import fnmatch
import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from inspect import getfile
from pathlib import Path
from urllib.parse import quote, unquote

import orjson

import shared.transform
from shared.model.idmap import IdMapEntry, Origin
from shared.model.json import Json
from shared.model.records import SourceRecord
from shared.transform.files import FILES, brings_files_of
from shared.transform.making import Surroundings
from shared.transform.mapping import Mapping, Rule
from shared.transform.references import Lookup, Pending

_NOT_AWAITED = "~"
_MOST_LINKS = 500
"""Beyond this a record's links are too much for a column (64 KiB), and it does without an origin."""


@dataclass(slots=True)
class Origins:
    """Origins of the records of a slice. ``fields`` None: they are made of all their data but what ``ignored`` is.

    ``brings_files`` says whether the run reads their files: it is of concern to records that have any, and no other
    choice of what a run reads is of concern to a transformation.
    """

    recipe: bytes = b""
    fields: tuple[str, ...] | None = None
    ignored: re.Pattern[str] = field(default_factory=lambda: _one_of(()))
    brings_files: bool = False
    records: dict[str, SourceRecord] = field(default_factory=dict)
    noted: dict[str, Origin] = field(default_factory=dict)
    _known: dict[str, bool] = field(default_factory=dict)

    @staticmethod
    def of(mapping: Mapping, around: Surroundings, records: Iterable[SourceRecord]) -> "Origins":
        """For records that this mapping transforms."""
        rules = "\n".join(map(_described, mapping.rules))
        definitions = orjson.dumps(around.definitions, option=orjson.OPT_SORT_KEYS).decode()
        surroundings = f"{sorted(around.hosts)} {sorted(around.imported)} {definitions}"
        folders = {Path(getfile(rule.maker)).parent for rule in mapping.rules if rule.maker is not None}
        code = "".join(map(_code, sorted({*map(Path, shared.transform.__path__), *folders})))
        text = f"{mapping.entity}\n{rules}\n{surroundings}\n{code}\n{_libraries()}"
        fields = sorted({part for rule in mapping.rules for name in _read_by(rule) for part in (name, _head(name))})
        whole = any(rule.maker is not None for rule in mapping.rules)
        recipe = hashlib.sha256(text.encode()).digest()
        known = {record.id: record for record in records}
        brings_files = brings_files_of(mapping.entity, around)
        return Origins(recipe, None if whole else tuple(fields), _one_of(mapping.ignored), brings_files, known)

    def note(self, source_id: str, references: Iterable[Pending], lookup: Lookup, *, final: bool) -> None:
        """Remember what a record was made of, unless it is to be made again. ``final``: what is missing stays so."""
        links = tuple(sorted({_link(one) for one in references}))
        whole = final or not _missing(links, lookup)
        if whole and len(links) <= _MOST_LINKS:
            self.noted[source_id] = Origin(self._digest(source_id, links, lookup), links)

    def still_holds(self, source_id: str, origin: Origin | None, lookup: Lookup) -> bool:
        """Whether the record would be made of the same today."""
        return origin is not None and self._digest(source_id, origin.links, lookup) == origin.digest

    def digest_of_all(self) -> str:
        """Of all these records in their order: what may make a difference, whatever they refer to."""
        digest = hashlib.blake2b(self.recipe, digest_size=16)
        content = [[record.id, self._content(record)] for record in self.records.values()]
        digest.update(orjson.dumps([self.brings_files, content]))
        return digest.hexdigest()

    def _content(self, record: SourceRecord) -> Json:
        """What of a record's data a transformation may look at."""
        if self.fields is None:
            return {name: value for name, value in record.data.items() if not self._ignores(name)}
        return [record.data.get(name) for name in self.fields]

    def _ignores(self, name: str) -> bool:
        """Records have the same fields over and over."""
        if name not in self._known:
            self._known[name] = self.ignored.fullmatch(name) is not None
        return self._known[name]

    def _digest(self, source_id: str, links: tuple[str, ...], lookup: Lookup) -> str:
        referred = [_parts(link) for link in links]
        targets = [lookup(entity, name) for entity, name in referred]
        awaits_files = self.brings_files and any(entity == FILES for entity, _ in referred)
        values = self._content(self.records[source_id])
        digest = hashlib.blake2b(self.recipe, digest_size=16)
        digest.update(orjson.dumps([source_id, values, links, targets, awaits_files]))
        return digest.hexdigest()


def links_of(entries: Iterable[IdMapEntry]) -> list[Pending]:
    """All that the records of these id-map rows refer to."""
    links = {link for entry in entries if entry.origin for link in entry.origin.links}
    return [_pending(link) for link in links]


def still_awaited(origin: Origin, lookup: Lookup, changing: Container[str]) -> list[Pending]:
    """What a record of this origin waits for: what has no target id yet, or may get another, being of ``changing``."""
    awaited = [_pending(link) for link in origin.links if not link.startswith(_NOT_AWAITED)]
    return [one for one in awaited if one.entity in changing or lookup(one.entity, one.source_id) is None]


def not_linked(origin: Origin, lookup: Lookup, entities: Container[str]) -> bool:
    """Whether a record of this origin names others of ``entities``, not awaited ones, that have no target id yet."""
    unawaited = [_parts(link) for link in origin.links if link.startswith(_NOT_AWAITED)]
    return any(entity in entities and lookup(entity, source_id) is None for entity, source_id in unawaited)


def _missing(links: Iterable[str], lookup: Lookup) -> list[str]:
    return [link for link in links if not link.startswith(_NOT_AWAITED) and lookup(*_parts(link)) is None]


def _link(one: Pending) -> str:
    """``department:9``; ``chat_message@15:77`` of what lies within a parent."""
    within = "" if one.within is None else f"@{quote(one.within, safe='')}"
    return f"{'' if one.awaited else _NOT_AWAITED}{one.entity}{within}:{one.source_id}"


def _pending(link: str) -> Pending:
    place, _, source_id = link.removeprefix(_NOT_AWAITED).partition(":")
    entity, parted, within = place.partition("@")
    return Pending(entity, source_id, required=False, within=unquote(within) if parted else None)


def _parts(link: str) -> tuple[str, str]:
    one = _pending(link)
    return one.entity, one.source_id


def _read_by(rule: Rule) -> tuple[str, ...]:
    """The fields of the source that a rule looks at."""
    return rule.sources if rule.within is None else (*rule.sources, rule.within)


def _one_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Field names, ``*`` for any text; the empty one matches nothing but itself."""
    return re.compile("|".join(map(fnmatch.translate, patterns)))


def _described(rule: Rule) -> str:
    maker = f"{rule.maker.__module__}.{rule.maker.__qualname__}" if rule.maker is not None else ""
    return f"{replace(rule, maker=None)} {maker}"


@cache
def _libraries() -> str:
    return " ".join(f"{name} {version(name)}" for name in ("nh3", "rfc8785"))


def _head(name: str) -> str:
    """``details.chatId`` is read from ``details``."""
    return name.partition(".")[0]


@cache
def _code(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
