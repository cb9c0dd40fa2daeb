"""References to files and pictures, under the ids that ``media_file`` has for them (``feed_post-123-505``)."""

from collections.abc import Iterable, Mapping

from shared.model.json import Json
from shared.transform.making import Maker, Making
from shared.transform.references import Pending

_MEDIA = "media_file"


def file_references(making: Making, files: Iterable[str]) -> list[Json]:
    """One for each of the record's own ``files``, each once and in their order; none where no files are moved."""
    if _MEDIA not in making.around.imported:
        return []
    prefix = f"{making.entity}-{making.record.id}"
    return [Pending(_MEDIA, f"{prefix}-{file}", required=False) for file in dict.fromkeys(files)]


def picture(making: Making) -> Json:
    """The picture of a person or a group, whose address the source tells."""
    address = making.value()
    has_one = isinstance(address, str) and address.strip() and not address.isdecimal()
    return next(iter(file_references(making, ["picture"])), None) if has_one else None


MAKERS: Mapping[str, Maker] = {"picture": picture}
