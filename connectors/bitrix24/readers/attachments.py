"""Which files records have, as the rows of their owners say (API facts §4.9)."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from connectors.bitrix24.signed_addresses import MASK
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import SourceRecord

_NUMBER = re.compile(r"(n?)([0-9]{1,18})\Z")
"""An id of an attached object; of the file itself when an ``n`` stands before it."""

_PICTURES = frozenset(
    "avif bmp gif heic heif ico jfif jpe jpeg jpg png svg tif tiff webp".split()  # noqa: SIM905  # reads as a list
)
_EXTENSION = re.compile(r"[a-z0-9]{1,5}\Z")
_LISTINGS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a record, before anything was asked about it.

    ``file`` is its name among the record's files, ``position`` its place there, from 0. It is had by the number of the
    ``attached`` object, by that of the file ``object`` on the drive, or from an ``address`` that is open to everybody;
    one that was signed is kept without what makes it open, and has to be asked for anew.
    ``name`` and ``size`` (bytes) are as the owner tells them. ``seen_by`` are users who see the owner.
    """

    owner: str
    owner_id: str
    position: int
    file: str
    attached: str | None = None
    object: str | None = None
    address: str | None = None
    name: str | None = None
    size: int | None = None
    is_picture: bool | None = None
    seen_by: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The source id: ``feed_post-123-505``."""
        return f"{self.owner}-{self.owner_id}-{self.file}"

    @property
    def open_address(self) -> str | None:
        """Where it can be had without asking anybody."""
        return None if self.address is None or MASK in self.address else self.address

    @property
    def any_kind(self) -> bool:
        """Whether files that are no pictures are wanted, too."""
        return self.owner in TASK_OWNERS


def files_of(owner: str, record: SourceRecord) -> list[Wanted]:
    """The files of one record in the order in which it shows them, each once."""
    found = {wanted["file"]: wanted for wanted in reversed(_OWNERS[owner](record.data))}
    return [
        Wanted(owner=owner, owner_id=record.id, position=position, **wanted)
        for position, wanted in enumerate(reversed(found.values()))
    ]


@dataclass(frozen=True, slots=True)
class OwnedFiles:
    """The files of a page of records, and their ids."""

    files: tuple[Wanted, ...]
    ids: frozenset[str]


@dataclass(slots=True)
class Listings:
    """Those made last. A page is read in many turns, and listing its files takes longer than a turn's other work."""

    _made: OrderedDict[str, tuple[Sequence[SourceRecord], OwnedFiles]] = field(default_factory=OrderedDict)

    def of(self, owner: str, page: str, records: Sequence[SourceRecord]) -> OwnedFiles:
        """The files of ``records``; they are listed anew when ``page`` holds other ones than before."""
        known, listing = self._made.pop(page, (None, None))
        if listing is None or known is not records:
            files = tuple(one for record in records for one in files_of(owner, record))
            listing = OwnedFiles(files, frozenset(one.id for one in files))
        self._made[page] = records, listing
        while len(self._made) > _LISTINGS_KEPT:
            self._made.popitem(last=False)
        return listing


def is_picture(name: str | None, kind: Json = None) -> bool | None:
    """Whether a file is a picture, by its name and by what its owner calls it; None when neither tells."""
    extension = (name or "").lower().rpartition(".")[2] if "." in (name or "") else ""
    if kind == "image" or extension in _PICTURES:
        return True
    return False if _EXTENSION.match(extension) or kind == "file" else None


def size_of(told: Json) -> int | None:
    """Bytes; portals tell numbers as text."""
    return int(told) if re.fullmatch(r"[0-9]{1,18}", str(told)) else None


_File = dict[str, Json]
"""Fields of a ``Wanted``."""


def _of_person(row: JsonObject) -> list[_File]:
    return _picture(row.get("PERSONAL_PHOTO"))


def _of_group(row: JsonObject) -> list[_File]:
    return _picture(row.get("IMAGE")) or _picture(row.get("AVATAR"))


def _of_post(row: JsonObject) -> list[_File]:
    """``FILES`` is left out by some portals, and then the field that it comes from is there."""
    value = as_map(row.get("UF_BLOG_POST_FILE")).get("VALUE")
    seen_by = tuple(map(str, as_list(row.get("seen_by"))))
    files = (_numbered(one) for one in (*as_list(row.get("FILES")), *(as_list(value) or [value])))
    return [{**one, "seen_by": seen_by} for one in files if one]


def _of_comment(row: JsonObject) -> list[_File]:
    """Ids of files on the drive. A comment's author sees them, whoever else does."""
    described = {str(one["id"]): one for one in as_list(row.get("files")) if isinstance(one, dict) and "id" in one}
    numbers = [str(one) for one in as_list(row.get("attach"))] or list(described)
    files = (_described({"id": number, **described.get(number, {})}) for number in numbers)
    return [{**one, "seen_by": (str(row.get("author_id")),)} for one in files if one]


def _of_task(row: JsonObject) -> list[_File]:
    """Those of the task itself, then those of its checklists."""
    items = (as_map(item).get("ATTACHMENTS") for item in as_list(row.get("checklist")))
    files = [_numbered(one) for one in as_list(as_map(row.get("details")).get("ufTaskWebdavFiles"))]
    return [one for one in (*files, *(_described(file) for item in items for file in as_list(item))) if one]


def _of_task_comment(row: JsonObject) -> list[_File]:
    return [one for file in as_list(row.get("files")) if (one := _described(file))]


def _picture(address: Json) -> list[_File]:
    if not isinstance(address, str) or not address.strip() or address.isdecimal():
        return []
    return [{"file": "picture", "address": address, "name": _name_in(address), "is_picture": True}]


def _name_in(address: str) -> str:
    try:
        return unquote(urlsplit(address).path.rpartition("/")[2]) or "picture"
    except ValueError:
        return "picture"


def _numbered(told: Json) -> _File | None:
    match = _NUMBER.match(str(told))
    if match is None:
        return None
    return {"file": match[0], "object" if match[1] else "attached": match[2]}


def _described(told: Json) -> _File | None:
    """A file that its owner describes: in capitals when it is attached, else as a file on the drive."""
    card = as_map(told)
    attached, number = (_NUMBER.match(str(one)) for one in (card.get("ATTACHMENT_ID"), card.get("FILE_ID")))
    number = number or _NUMBER.match(str(card.get("id")))
    if attached is None and number is None:
        return None
    name = str(card.get("NAME") or card.get("name") or "") or None
    return {
        "file": attached[0] if attached else number and number[0],
        "attached": attached and attached[2],
        "object": number and number[2],
        "name": name,
        "size": size_of(card.get("SIZE", card.get("size"))),
        "is_picture": is_picture(name, card.get("type")),
    }


TASK_OWNERS = ("task", "task_comment")

_OWNERS: Mapping[str, Callable[[JsonObject], list[_File]]] = {
    "user": _of_person,
    "group": _of_group,
    "feed_post": _of_post,
    "feed_comment": _of_comment,
    "task": _of_task,
    "task_comment": _of_task_comment,
}

OWNERS = tuple(_OWNERS)
"""Entities whose records have files that are wanted."""
