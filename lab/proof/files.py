"""Which files a record must show: pictures of feed and, when asked for, whatever is attached to tasks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lab.proof.sides import Json, Portal

Mentioned = dict[tuple[str, str], str]
"""By (``file`` or ``attached``, number): the media object that a text shows under that name."""

_PICTURES = frozenset({"png", "jpg", "jpeg", "gif"})


@dataclass(frozen=True, slots=True)
class File:
    """A file of the drive as the portal holds it. ``names`` are those under which texts mention it."""

    name: str
    sha256: str
    names: tuple[tuple[str, str], ...]


def attached(portal: Portal, numbers: Iterable[Any], *, any_kind: bool = False) -> list[File]:
    """Files behind attached objects, in order. Those that the webhook's user may not read are not there."""
    asked = [str(one) for one in numbers]
    portal.look_up(asked)
    found = ((number, portal.object_of(number)) for number in dict.fromkeys(asked))
    return _of(portal, ((one, (("attached", number),)) for number, one in found if one), any_kind=any_kind)


def on_the_drive(
    portal: Portal, numbers: Iterable[Any], *, mentioned: Iterable[str] = (), any_kind: bool = False
) -> list[File]:
    """Files by their own numbers, in order. ``mentioned`` are attached objects of which some may be theirs."""
    names = {number: portal.object_of(number) for number in mentioned}
    found = (
        (one, tuple(("attached", number) for number, file in names.items() if file == one))
        for one in map(str, dict.fromkeys(numbers))
    )
    return _of(portal, found, any_kind=any_kind)


def described(portal: Portal, cards: Iterable[Json]) -> list[File]:
    """Files of any kind, whose cards tell the number of the attachment and that of the file itself."""
    found = ((str(one["FILE_ID"]), (("attached", str(one["ATTACHMENT_ID"])),)) for one in cards)
    return _of(portal, found, any_kind=True)


def _of(portal: Portal, found: Iterable[tuple[str, tuple[tuple[str, str], ...]]], *, any_kind: bool) -> list[File]:
    rows = ((portal.rows("file")[number], (("file", number), *names)) for number, names in found)
    return [
        File(row["name"], row["sha256"], names)
        for row, names in rows
        if any_kind or row["name"].rpartition(".")[2].lower() in _PICTURES
    ]
