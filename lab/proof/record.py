"""One record of the gateway, held field by field against what it must be."""

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lab.proof.files import File, Mentioned
from lab.proof.findings import Compared
from lab.proof.html_text import Read, read_html
from lab.proof.sides import Json, Portal, Target
from lab.proof.source_text import Mention, bbcode_words, decoded

_DECIMAL = re.compile(r"-?\d+(\.\d+)?$")

NOBODY = (None, "", "0", 0, False)


@dataclass(slots=True)
class Proof:
    """What comparisons share. ``asked``: names of the run's options that were on.

    ``named`` are users that some record names; ``shown`` are media objects that some record shows, with the SHA-256
    that their bytes must have.
    """

    portal: Portal
    target: Target
    asked: frozenset[str] = frozenset()
    moves_media: bool = True
    named: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)

    def resolve(self, entity: str, given: Any) -> str | None:
        """The target id of a record of the portal; None for nobody, and for what is not in the target."""
        if given in NOBODY:
            return None
        if entity == "user":
            self.named.add(str(given))
        return self.target.ids(entity).get(str(given))


@dataclass(slots=True)
class Record:
    """``who`` is the source id, ``data`` what the gateway holds. Every field has to be compared before ``end``.

    ``travelling`` are codes of custom fields that some record of the entity has.
    """

    proof: Proof
    result: Compared
    who: str
    data: Json
    travelling: frozenset[str] = frozenset()
    _seen: set[str] = field(default_factory=set)

    def value(self, name: str, expected: object) -> None:
        """A value that must be the same."""
        self.result.values += 1
        if (found := self._take(name)) != expected:
            self.result.differs(f"{self.who}.{name}", expected, found)

    def line(self, name: str, expected: object) -> None:
        """One line of text. White space and entities that were stored long ago do not count (API facts §9.5)."""
        self.result.values += 1
        found = self._take(name)
        if _line(found) != _line(expected):
            self.result.differs(f"{self.who}.{name}", expected, found)

    def code(self, name: str, expected: object) -> None:
        """A number of the portal that is a code of the target: text."""
        self.value(name, None if expected is None else str(expected))

    def amount(self, name: str, expected: Decimal | None) -> None:
        """Money, as a decimal text with any number of noughts behind the point."""
        self.result.values += 1
        found = self._take(name)
        held = Decimal(found) if isinstance(found, str) and _DECIMAL.match(found) else found
        if held != expected or isinstance(found, int | float):
            self.result.differs(f"{self.who}.{name}", expected, found)

    def audience(self, name: str, expected: Mapping[str, Any] | None) -> None:
        """Circles of readers, ids in any order."""
        self.result.values += 1
        found = self._take(name)
        held = found and {key: sorted(one) if isinstance(one, list) else one for key, one in found.items()}
        self.result.links += sum(len(one) for one in (expected or {}).values() if isinstance(one, list))
        if held != expected:
            self.result.differs(f"{self.who}.{name}", expected, found)

    def instant(self, name: str, given: Any) -> None:
        """A moment in any zone."""
        self.value(name, utc(given))

    def link(self, name: str, entity: str, given: Any, *, made_up: bool = False) -> None:
        """A reference. ``made_up``: who is not in the portal any more has a placeholder; else there is none to him."""
        found = self._take(name)
        wanted = self.proof.resolve(entity, given)
        self.result.links += wanted is not None
        if made_up and wanted is None and given not in NOBODY:
            self.result.differences.append(f"{self.who}.{name}: nobody stands for {entity} {given}")
        if found != wanted:
            self.result.differs(f"{self.who}.{name}", *(self._source(entity, one) for one in (wanted, found)))

    def links(self, name: str, entity: str, given: Iterable[Any], *, ordered: bool = False) -> None:
        """References, each once. Those that lead nowhere are left out."""
        found = self._take(name) or []
        resolved = (self.proof.resolve(entity, each) for each in given)
        wanted = list(dict.fromkeys(one for one in resolved if one is not None))
        self.result.links += len(wanted)
        if found != wanted if ordered else sorted(found) != sorted(wanted):
            expected, sources = ([self._source(entity, one) for one in each] for each in (wanted, found))
            self.result.differs(f"{self.who}.{name}", expected, sources)

    def objects(self, name: str, expected: Sequence[Mapping[str, Any]], *, links: int = 0) -> None:
        """A list of objects in the same order, ``links`` of them references."""
        self.result.links += links
        self.result.values += len(expected)
        found = self._take(name) or []
        if found != list(expected):
            self.result.differs(f"{self.who}.{name}", expected, found)

    def custom(self, check: Callable[[str, Any], str | None]) -> None:
        """``check`` answers what is wrong with a custom field's value, or None."""
        held = self._take("custom") or {}
        for code in self.travelling | held.keys():
            self.result.values += 1
            if (wrong := check(code, held.get(code))) is not None:
                self.result.differences.append(f"{self.who}.custom.{code}: {wrong}")

    def media(self, name: str, files: Sequence[File]) -> Mentioned:
        """Files in the source's order; answers under which names the text may show them."""
        found = self._take(name) or []
        files = files if self.proof.moves_media else []
        self.result.links += len(files)
        held = [self.proof.target.media.get(one, {}).get("checksum") for one in found]
        if held != [one.sha256 for one in files]:
            self.result.differs(f"{self.who}.{name}", [one.name for one in files], held)
            return {}
        self.proof.shown |= {media_id: file.sha256 for media_id, file in zip(found, files, strict=True)}
        return {name: media_id for media_id, file in zip(found, files, strict=True) for name in file.names}

    def picture(self, name: str, address: Any) -> None:
        """A picture from an open address; none where nothing is at the address."""
        found = self._take(name)
        digest = self.proof.portal.pictures.get(address) if address and self.proof.moves_media else None
        held = self.proof.target.media.get(found, {}).get("checksum") if found is not None else None
        self.result.links += digest is not None
        if held != digest or (digest is None and found is not None):
            self.result.differs(f"{self.who}.{name}", digest, found)
        elif digest is not None:
            self.proof.shown[found] = digest

    def rich(self, name: str, text: str | None, files: Mentioned, *, is_html: bool = False) -> None:
        """A body: the same words, and every link as the target's, or as a marker where it leads nowhere."""
        self.result.values += 1
        found = read_html(self._take(name) or "")
        expected = self._expected(text or "", files, is_html=is_html)
        self.result.links += len(expected.links)
        if found.words != expected.words:
            self.result.differs(f"{self.who}.{name}", *_apart(expected.words, found.words))
        if sorted(found.links) != sorted(expected.links):
            self.result.differs(f"{self.who}.{name}: links", sorted(expected.links), sorted(found.links))
        if found.unsafe:
            self.result.differences.append(f"{self.who}.{name}: holds {found.unsafe}")

    def withheld(self, name: str) -> None:
        """A text that the portal does not tell: nothing may be there in its place."""
        self.result.count("texts withheld")
        self.value(name, None)

    def end(self) -> None:
        """Nothing may be in a record that was not compared."""
        for name in self.data.keys() - self._seen:
            if self.data[name] not in (None, [], {}):
                self.result.differences.append(f"{self.who}.{name}: nothing in the portal is known for this")

    def _expected(self, text: str, files: Mentioned, *, is_html: bool) -> Read:
        if is_html:
            return read_html(decoded(text))
        links: list[tuple[str, str]] = []

        def shown(one: Mention) -> str:
            if one.entity in ("file", "attached"):
                target = files.get((one.entity, one.source_id))
            else:
                target = self.proof.resolve(one.entity, one.source_id)
            if target is None:
                return one.marker
            links.append(("media" if one.entity in ("file", "attached") else one.entity, target))
            return ""

        return Read(bbcode_words(text, shown), links)

    def _take(self, name: str) -> Any:
        self._seen.add(name)
        return self.data.get(name)

    def _source(self, entity: str, target_id: Any) -> Any:
        return None if target_id is None else self.proof.target.source_of(entity, target_id)


def utc(given: Any) -> str | None:
    """ISO 8601 in any zone → UTC with ``Z``; None for nothing."""
    if given in NOBODY or given == {}:
        return None
    return datetime.fromisoformat(given).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(given: Any) -> str | None:
    """A date-only value is cut at its T, whatever the zone (API facts §4.7)."""
    return None if given in NOBODY else str(given)[:10]


def _line(text: Any) -> str:
    return " ".join(html.unescape(decoded(text or "")).split()) if isinstance(text, str) or text is None else repr(text)


def _apart(expected: str, found: str) -> tuple[str, str]:
    """Two texts from a little before the place where they part."""
    same = 0
    while same < min(len(expected), len(found)) and expected[same] == found[same]:
        same += 1
    begin = max(0, same - 20)
    return expected[begin : same + 40], found[begin : same + 40]
