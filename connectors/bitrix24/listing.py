"""How lists are asked for, as data."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.model.errors import RetryLater
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.ports.systems import Extracted

PAGE = 50
"""Rows of a list page; it cannot be changed (API facts §2.3)."""


@dataclass(frozen=True, slots=True)
class Details:
    """A call per record whose answer becomes the record's field ``name``.

    ``parameters`` are those for one id; ``read`` makes the field of the answer, or of None when there is none.
    """

    name: str
    method: str
    parameters: Callable[[str], JsonObject]
    read: Callable[[Json], Json] = as_list


@dataclass(frozen=True, slots=True)
class Changed:
    """How a list is asked for what changed: a filter's key with its prefix, and the entity whose watermark counts."""

    entity: str
    condition: str

    def since(self, extracted: Extracted) -> str | None:
        """From when on (ISO), or None when everything is wanted."""
        since = extracted.since(self.entity)
        return None if since is None else since.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Listing:
    """How an entity is listed.

    ``scopes`` are those of which any one opens the method. ``id`` is the id's key in the answer, ``filter_id`` in a
    filter, ``wrapper`` the key around the rows. ``filter`` is the parameter that takes filters, or None when the method
    cannot filter by id: then pages go by offset. ``where`` are conditions that always hold. ``ascending`` and
    ``descending`` are the parameters that order by id. ``count_off`` says that ``start = -1`` switches the count off.
    ``most_pages`` caps the pages of one call. Without ``changed`` the list is read whole each time.
    ``id_alone`` are the parameters that select nothing but the id, where that can be told.
    """

    method: str
    scopes: tuple[str, ...]
    ascending: JsonObject
    descending: JsonObject
    id: str = "ID"
    filter_id: str = "ID"
    wrapper: str | None = None
    filter: str | None = None
    where: JsonObject = field(default_factory=dict)
    fixed: JsonObject = field(default_factory=dict)
    count_off: bool = True
    most_pages: int = 50
    details: tuple[Details, ...] = ()
    changed: Changed | None = None
    id_alone: JsonObject | None = None
    name: Callable[[JsonObject], str] | None = None
    """The source id of a row, where it is more than the row's id."""

    def since(self, extracted: Extracted) -> str | None:
        """From when on (ISO) changes are wanted; None when the list is to be read whole."""
        return None if self.changed is None else self.changed.since(extracted)

    def conditions(self, bounds: JsonObject, since: str | None) -> JsonObject:
        """The parameter with those conditions, and what always holds; nothing when there are none."""
        changed = {self.changed.condition: since} if self.changed is not None and since is not None else {}
        conditions = {**self.where, **changed, **bounds}
        return {str(self.filter): conditions} if conditions else {}

    def source_id(self, row: JsonObject) -> str:
        """The contract's source id."""
        return self.name(row) if self.name else str(row[self.id])

    def rows(self, result: Json) -> list[JsonObject]:
        """The rows of one page. Raises RetryLater for what is not a list of rows with ids: it may hide some.

        An object without anything in it is answered as ``[]``, so there is no wrapper then (API facts §1.3).
        """
        found = as_map(result).get(self.wrapper) if self.wrapper and result != [] else result
        if not isinstance(found, list | dict):
            raise RetryLater("source.unexpected_answer", f"{self.method}: a page that is no list")
        rows = as_list(found)
        for row in rows:
            if not isinstance(row, dict) or not str(row.get(self.id, "")).isdecimal():
                raise RetryLater("source.unexpected_answer", f"{self.method}: a row without an id")
        return rows
