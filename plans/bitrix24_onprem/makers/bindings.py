"""Which of our entities a record of the portal's CRM belongs to (API facts §4.8, §5.6)."""

import re

SMART = "smart_process_item"

_ENTITIES = {2: "deal", 3: "contact", 4: "company"}
_FIRST_SMART_TYPE = 128
_TYPES = {"D": 2, "C": 3, "CO": 4}
_CODE = re.compile(r"(?:(?P<kind>[A-Z]{1,3})|T(?P<type>[0-9A-Fa-f]{1,8}))_(?P<id>[1-9][0-9]{0,17})")


def record_of(type_id: int, number: str) -> tuple[str, str] | None:
    """Entity and source id of the record with an ``entityTypeId``; None for leads, quotes, invoices."""
    if type_id >= _FIRST_SMART_TYPE:
        return SMART, f"{type_id}:{number}"
    entity = _ENTITIES.get(type_id)
    return None if entity is None else (entity, number)


def record_bound(code: str) -> tuple[str, str] | None:
    """The same for a code such as ``D_17``, ``CO_3`` or ``T80_6``, the type in hexadecimal.

    Raises ValueError for what is no such code.
    """
    match = _CODE.fullmatch(code)
    if match is None:
        raise ValueError("is no code of a CRM record")
    type_id = int(match["type"], 16) if match["type"] else _TYPES.get(match["kind"], 0)
    return record_of(type_id, match["id"])
