"""What is read for each entity, as data. A new entity is one block here."""

from dataclasses import dataclass, field

from shared.model.json import JsonObject

PAGE = 50
"""Rows of a list page; it cannot be changed (API facts §2.3)."""


@dataclass(frozen=True, slots=True)
class Details:
    """A call per record whose answer becomes the record's field ``name``. ``parameter`` takes the record's id."""

    name: str
    method: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Listing:
    """How an entity is listed. ``id`` is the id's key in the answer and in the filter.

    ``filter`` is the parameter that takes filters, or None when the method cannot filter by id: then pages go by
    offset. ``ascending`` and ``descending`` are the parameters that order by id. ``count_off`` says that
    ``start = -1`` switches the count off. ``most_pages`` caps the pages of one call.
    """

    method: str
    ascending: JsonObject
    descending: JsonObject
    id: str = "ID"
    filter: str | None = None
    fixed: JsonObject = field(default_factory=dict)
    count_off: bool = True
    most_pages: int = 50
    details: Details | None = None


LISTINGS: dict[str, Listing] = {
    # API facts §4.1: equality filters only
    "department": Listing(
        method="department.get",
        ascending={"sort": "ID", "order": "ASC"},
        descending={"sort": "ID", "order": "DESC"},
    ),
    # API facts §4.1: sort and order are strings at top level; ADMIN_MODE shows everybody
    "user": Listing(
        method="user.get",
        ascending={"sort": "ID", "order": "ASC"},
        descending={"sort": "ID", "order": "DESC"},
        filter="FILTER",
        fixed={"ADMIN_MODE": True},
    ),
    # API facts §4.2: start = -1 is not documented for it
    "group": Listing(
        method="sonet_group.get",
        ascending={"ORDER": {"ID": "ASC"}},
        descending={"ORDER": {"ID": "DESC"}},
        filter="FILTER",
        fixed={"IS_ADMIN": "Y"},
        count_off=False,
        most_pages=4,
        details=Details("members", "sonet_group.user.get", "ID"),
    ),
}
