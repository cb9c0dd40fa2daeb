"""The table ``custom_fields.toml``: the white list of custom fields, and what becomes of their values."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.transform.tables import Table, TableError

Entity = Literal["user", "task", "company", "contact", "deal", "smart_process_item"]
Kind = Literal[
    "address",
    "boolean",
    "crm",
    "crm_status",
    "date",
    "datetime",
    "double",
    "employee",
    "enumeration",
    "integer",
    "money",
    "string",
    "url",
]


class CustomField(BaseModel):
    """One row. ``source`` is the field's name in the source's rows, ``target`` its code there (the same if not given).

    ``values`` are those of an enumeration by id; without them the portal's definition of the field tells.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    entity: Entity
    source: str = Field(min_length=1)
    target: str | None = Field(None, min_length=1)
    included: bool = True
    type: Kind | None = None
    multiple: bool = False
    values: dict[str, str] = Field(default_factory=dict)
    reason: str | None = Field(None, min_length=1)

    @property
    def code(self) -> str:
        """The code in the target."""
        return self.target or self.source

    @model_validator(mode="after")
    def _complete(self) -> "CustomField":
        if self.included and self.type is None:
            raise ValueError("a field that travels needs a type")
        if not self.included and self.reason is None:
            raise ValueError("a field that stays behind needs a reason")
        if self.values and self.type != "enumeration":
            raise ValueError("'values' go with the type 'enumeration'")
        return self


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    field: list[CustomField] = Field(default_factory=list)


def read_custom_fields(document: Mapping[str, Any]) -> Mapping[str, Table]:
    """Rows by entity; what is not included is ignored for its reason. Raises TableError."""
    try:
        rows = _Document.model_validate(document).field
    except ValidationError as error:
        raise TableError("; ".join(map(_told, error.errors(include_url=False)))) from None
    by_entity: dict[str, list[CustomField]] = {}
    for row in rows:
        others = by_entity.setdefault(row.entity, [])
        if any(row.source == one.source or (row.included and one.included and row.code == one.code) for one in others):
            raise TableError(f"{row.entity}: {row.source} or {row.code} is there twice")
        others.append(row)
    return {entity: _table(rows) for entity, rows in by_entity.items()}


def _table(rows: list[CustomField]) -> Table:
    included = tuple(row for row in rows if row.included)
    return Table(
        included,
        tuple(row.source for row in included),
        {row.source: row.reason or "" for row in rows if not row.included},
    )


def _told(error: Any) -> str:
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"
