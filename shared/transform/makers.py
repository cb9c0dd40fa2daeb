"""The makers that every plan may use."""

from dataclasses import dataclass

from shared.model.json import Json
from shared.transform.files import file_reference
from shared.transform.making import Maker, Making
from shared.transform.references import Composed, Lookup, Pending
from shared.transform.steps import yes_or_no
from shared.transform.text.bbcode import read_markup
from shared.transform.text.legacy_html import looks_like_html, read_html
from shared.transform.text.links import Portal
from shared.transform.text.rendering import render
from shared.transform.text.tree import ATTACHED_FILE, DISK_FILE, Markup, Ref

_WITHIN_PARENTS = ("chat_message",)
"""What cannot be found without its parent. A message of a private chat is linked from inside that chat alone: the name
that a text has for such a chat depends on who reads it."""


@dataclass(frozen=True, slots=True)
class RichText(Composed):
    """A text whose links become those of the target. ``pending`` are the links that can get a target id at all."""

    text: Markup
    pending: dict[Ref, Pending]

    @property
    def references(self) -> tuple[Pending, ...]:
        """See ``Composed``."""
        return tuple(self.pending.values())

    def compose(self, lookup: Lookup) -> str | None:
        """HTML; a link without a target stays as text with a marker. None when nothing is left."""
        return render(self.text, {ref: lookup(one.entity, one.source_id) for ref, one in self.pending.items()}) or None


def markup(making: Making) -> Json:
    """BBCode, or the HTML of old records, as safe HTML.

    Options: ``html_when`` ``{source: value}`` says which records hold HTML (yes and no in any spelling); without it the
    text decides. Files in the text are those of the record itself, as ``media_file`` knows them.
    """
    value = making.value()
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("is not text")  # noqa: TRY004  # what makers raise
    portal = Portal(making.around.hosts)
    read = read_html(value, portal) if _is_html(making, value) else read_markup(value, portal)
    pending = {ref: one for ref in read.references if (one := _target(making, ref)) is not None}
    if not read.nodes:
        return None
    return RichText(read, pending)


def _is_html(making: Making, value: str) -> bool:
    when = making.options.get("html_when")
    if when is None:
        return looks_like_html(value)
    return any(_is_said(making.record.data.get(name), told) for name, told in when.items())


def _is_said(value: Json, told: Json) -> bool:
    said = yes_or_no(value)
    return value == told or (said is not None and said == yes_or_no(told))


def _target(making: Making, ref: Ref) -> Pending | None:
    """What a link waits for; None for what gets no target id in this plan."""
    if ref.entity in (ATTACHED_FILE, DISK_FILE):
        return file_reference(making, f"n{ref.source_id}" if ref.entity == DISK_FILE else ref.source_id)
    if ref.entity not in making.around.imported:
        return None
    within = ref.within or (making.parent if ref.entity == making.entity else None)
    if within is None and ref.entity in _WITHIN_PARENTS:
        return None
    return Pending(ref.entity, ref.source_id, required=False, within=within)


MAKERS: dict[str, Maker] = {"markup": markup}
