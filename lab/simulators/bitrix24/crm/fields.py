"""What a field is: its two names, its type, how a record gets its value, and how it is called in ``*.fields``."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lab.simulators.bitrix24.crm.custom import CustomField
from lab.simulators.bitrix24.crm.draws import Draw

Make = Callable[[Draw], Any]
"""Inside, flags are ``bool``, moments Unix seconds, days ordinals, files numbers, and nothing is None (or 0)."""

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z0-9])")
_CLASSIC_TYPES = {"boolean": "char", "text": "string"}


def upper(name: str) -> str:
    """``assignedById`` → ``ASSIGNED_BY_ID``."""
    return _HUMP.sub("_", name).upper()


@dataclass(frozen=True, slots=True)
class Field:
    """``classic`` is the other family's name; empty: only the universal family has it. ``described``: in ``*.fields``.

    ``only_classic``: the universal family does not have it. ``unanswered``: the classic family describes it and never
    answers it. ``read_only`` and ``immutable`` concern writers.
    """

    name: str
    kind: str
    make: Make
    classic: str = ""
    only_classic: bool = False
    described: bool = True
    unanswered: bool = False
    multiple: bool = False
    required: bool = False
    read_only: bool = False
    immutable: bool = False
    statuses: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    custom: CustomField | None = None

    def description(self, *, universal: bool) -> dict[str, Any]:
        """As ``crm.item.fields`` has it, or ``crm.deal.fields`` and its like."""
        kind = self.kind if universal else _CLASSIC_TYPES.get(self.kind, self.kind)
        shown: dict[str, Any] = {
            "type": kind,
            "isRequired": self.required,
            "isReadOnly": self.read_only,
            "isImmutable": self.immutable,
            "isMultiple": self.multiple,
            "isDynamic": self.custom is not None,
        }
        shown |= {"statusType": self.statuses} if self.statuses else {}
        shown |= {"isDeprecated": True} if self.name in ("contactId",) else {}
        settings = self.settings
        if self.custom is not None:
            settings = self.custom.settings
            if self.custom.options:
                shown["items"] = [{"ID": str(one.id), "VALUE": one.value} for one in self.custom.options]
        shown["title"] = self.name if self.custom and not universal else self._title()
        if self.custom is not None and not universal:
            shown |= dict.fromkeys(("listLabel", "formLabel", "filterLabel"), self.custom.label)
        shown |= {"settings": settings} if settings else {}
        return shown | ({"upperName": self.name if self.custom else upper(self.name)} if universal else {})

    def _title(self) -> str:
        return self.custom.label if self.custom else upper(self.name or self.classic).replace("_", " ").capitalize()


def both(name: str, kind: str, make: Make, classic: str = "", **more: Any) -> Field:
    """A field of both families; the classic name is the same in upper case unless given."""
    return Field(name, kind, make, classic or upper(name), **more)


def universal(name: str, kind: str, make: Make, **more: Any) -> Field:
    """A field that only ``crm.item.*`` knows."""
    return Field(name, kind, make, **more)


def classic(name: str, kind: str, make: Make, **more: Any) -> Field:
    """A field that only ``crm.deal.*`` and its like know."""
    return Field(name, kind, make, name, only_classic=True, **more)


def legacy(*names: str) -> tuple[Field, ...]:
    """Fields left over from earlier versions: null, and in no description."""
    return tuple(universal(name, "string", _nothing, described=False) for name in names)


def _nothing(_draw: Draw) -> None:
    return None
