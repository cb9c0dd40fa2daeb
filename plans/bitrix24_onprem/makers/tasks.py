"""What tasks and their comments hold in several places or in codes (API facts §4.4, §5.6)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from plans.bitrix24_onprem.makers.bindings import record_bound
from plans.bitrix24_onprem.makers.media import file_references
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.transform.making import Maker, Making, look_up
from shared.transform.references import Pending
from shared.transform.steps import title

_DONE = ("Y", "1", 1, True)
_NO_PARENT = ("", "0", 0, False, None)


def tags(making: Making) -> Json:
    """Titles from ``{"35": {"id": 35, "title": "x"}}``, each once and in the portal's order; ``[]`` for none."""
    titles = (_title(as_map(tag).get("title")) for tag in as_list(making.value()))
    return list(dict.fromkeys(one for one in titles if one))


def checklists(making: Making) -> Json:
    """``[{"title", "items": [{"title", "done"}]}]`` from the rows of ``task.checklistitem.getlist``.

    A row without a parent is a checklist. Its items follow in the order of a reader: each with those below it, by
    ``SORT_INDEX``. Items under no checklist, because a parent is missing or is its own descendant, end in one without
    a title.
    """
    rows = [as_map(row) for row in as_list(making.value())]
    below: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(rows)), key=lambda place: _order(rows[place])):
        below[_parent(rows[place])].append(place)
    left = dict.fromkeys(place for places in below.values() for place in places)
    made: list[Json] = []
    for root in below[""]:
        del left[root]
        made.append({"title": _title(rows[root].get("TITLE")), "items": _items(rows, _under(root, rows, below, left))})
    if strays := list(_strays(rows, below, left)):
        made.append({"title": None, "items": _items(rows, strays)})
    return made


def crm_links(making: Making) -> Json:
    """``[{"entity", "id"}]`` from codes such as ``D_1723`` and ``T88_3``; leads, quotes and invoices are left out."""
    records: dict[tuple[str, str], None] = {}
    for code in as_list(making.value()):
        try:
            record = record_bound(str(code))
        except ValueError as error:
            making.flaws.append(f"crm_links: one {error}")
            continue
        if record is not None and record[0] in making.around.imported:
            records[record] = None
    return [{"entity": entity, "id": Pending(entity, number, required=True)} for entity, number in records]


def task_files(making: Making) -> Json:
    """Files in the order of the sources: ids, or objects that describe them. A checklist has them item by item."""
    found = (one for name in making.sources for one in as_list(look_up(making.record.data, name)))
    files = (file for one in found for file in _files(one))
    return file_references(making, (name for one in files if (name := _file(one))))


def _files(one: Json) -> list[Json]:
    """The files of a checklist's item; what is a file itself stays alone."""
    return as_list(one["ATTACHMENTS"]) if isinstance(one, Mapping) and "ATTACHMENTS" in one else [one]


def _file(one: Json) -> str | None:
    """The id of the attachment (tasks, forum), else of the file itself (chat)."""
    if isinstance(one, Mapping):
        one = one.get("ATTACHMENT_ID") or one.get("FILE_ID") or one.get("id")
    return str(one) if one else None


def _title(value: Json) -> Json:
    return title(value, {}) if value else None


def _order(row: JsonObject) -> tuple[int, int]:
    return _number(row.get("SORT_INDEX")), _number(row.get("ID"))


def _number(value: Json) -> int:
    return int(value) if re.fullmatch(r"[0-9]{1,18}", str(value)) else 0


def _parent(row: JsonObject) -> str:
    """Empty for a checklist."""
    parent = row.get("PARENT_ID")
    return "" if parent in _NO_PARENT else str(parent)


def _items(rows: Sequence[JsonObject], places: Iterable[int]) -> list[Json]:
    chosen = (rows[place] for place in places)
    return [{"title": _title(row.get("TITLE")), "done": row.get("IS_COMPLETE") in _DONE} for row in chosen]


def _under(
    root: int, rows: Sequence[JsonObject], below: Mapping[str, Sequence[int]], left: dict[int, None]
) -> Iterator[int]:
    """Places of all that is below ``root``, taken out of ``left``."""
    waiting = [root]
    while waiting:
        place = waiting.pop()
        if place != root:
            yield place
        following = [one for one in below.get(str(rows[place].get("ID")), ()) if one in left]
        for one in following:
            del left[one]
        waiting += reversed(following)


def _strays(rows: Sequence[JsonObject], below: Mapping[str, Sequence[int]], left: dict[int, None]) -> Iterator[int]:
    """Those whose parent is missing go first, since others may be below them; what is left runs in circles."""
    known = {str(row.get("ID")) for row in rows}
    lost = [place for place in left if _parent(rows[place]) not in known]
    for start in [*lost, *left]:
        if start in left:
            del left[start]
            yield start
            yield from _under(start, rows, below, left)


MAKERS: dict[str, Maker] = {
    "checklists": checklists,
    "crm_links": crm_links,
    "tags": tags,
    "task_files": task_files,
}
