"""References to files and pictures."""

from collections.abc import Iterable, Mapping

from shared.model.json import Json
from shared.transform.files import file_reference
from shared.transform.making import Maker, Making


def file_references(making: Making, files: Iterable[str]) -> list[Json]:
    """One for each of the record's own ``files``, each once and in their order; none where no files are moved."""
    found = (file_reference(making, file) for file in dict.fromkeys(files))
    return [one for one in found if one is not None]


def picture(making: Making) -> Json:
    """The picture of a person or a group, whose address the source tells."""
    address = making.value()
    has_one = isinstance(address, str) and address.strip() and not address.isdecimal()
    return next(iter(file_references(making, ["picture"])), None) if has_one else None


MAKERS: Mapping[str, Maker] = {"picture": picture}
