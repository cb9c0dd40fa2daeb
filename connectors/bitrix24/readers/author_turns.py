"""Turns through authors: whose comments one read asks for, through which webhook, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import BatchAnswer
from connectors.bitrix24.readers.authored import Place, since
from connectors.bitrix24.webhooks import Webhook
from shared.model.errors import PortageError
from shared.model.json import JsonObject, as_map


@dataclass(slots=True)
class Turn:
    """One read: the ``places`` that it begins at, and what came of it.

    ``answers`` are those of webhooks, by user; ``left`` are the authors who go on; ``unread``
    those whom no webhook reads. ``pages`` are comments by author.
    """

    places: dict[str, Place]
    next: int
    left: dict[str, Place]
    answers: list[tuple[str, BatchAnswer]] = field(default_factory=list)
    pages: dict[str, list[JsonObject]] = field(default_factory=dict)
    stumbles: list[PortageError] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def comments(self) -> list[JsonObject]:
        """Those of all pages."""
        return [comment for page in self.pages.values() for comment in page]

    def end_at(self, moment: int | None) -> None:
        """Authors who are read backwards are over when a page reaches what is older than that."""
        for author, place in list(self.left.items()):
            page = self.pages.get(author, [])
            if place.backwards and len(since(page, moment)) < len(page):
                del self.left[author]

    def postpone(self, author: str) -> None:
        """Leave an author where he is: his page is asked for again."""
        del self.pages[author]
        self.left[author] = self.places[author]


def turn_of(cursor: JsonObject, authors: Sequence[str], most: int) -> Turn:
    """The authors of the next read, up to ``most``."""
    begun = {author: Place(*place) for author, place in as_map(cursor.get("open")).items()}
    chosen = dict(list(begun.items())[:most])
    start = int(cursor.get("next", 0))
    new = authors[start : start + most - len(chosen)]
    left = {author: place for author, place in begun.items() if author not in chosen}
    return Turn(chosen | {author: Place() for author in new}, start + len(new), left)


def by_reader(webhooks: Sequence[Webhook], authors: Iterable[str]) -> list[tuple[Webhook, list[str]]]:
    """Authors by the webhook that reads them: their own, else one that is, or may be, an administrator's."""
    own = {webhook.user: webhook for webhook in webhooks}
    admin = next((webhook for told in (True, None) for webhook in webhooks if webhook.admin is told), None)
    chosen: dict[str, tuple[Webhook, list[str]]] = {}
    for author in authors:
        if (webhook := own.get(author, admin)) is not None:
            chosen.setdefault(webhook.user, (webhook, []))[1].append(author)
    return list(chosen.values())
