"""References to files of a record, under the ids that ``media_file`` has for them (``feed_post-123-505``)."""

from shared.transform.making import Making, Surroundings
from shared.transform.references import Pending

FILES = "media_file"
"""The entity that files are."""
_BY_OPTION = ("task", "task_comment")


def file_reference(making: Making, name: str) -> Pending | None:
    """The file that is called ``name`` among those of the record; None in a plan that moves no files."""
    if FILES not in making.around.imported:
        return None
    source_id = f"{making.entity}-{making.record.id}-{name}"
    return Pending(FILES, source_id, required=False, awaited=brings_files_of(making.entity, making.around))


def brings_files_of(owner: str, around: Surroundings) -> bool:
    """Whether this run reads them; those that an earlier one brought are shown in any case."""
    return FILES in around.coming and (owner not in _BY_OPTION or around.task_files)
