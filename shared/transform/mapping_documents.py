"""Mapping documents: data that says for every canonical field where it comes from, checked when it is read.

A mapping file (TOML) has a table ``[field.<canonical name>]`` for each field of the contract and ``[ignore]`` with a
reason for each source field that stays behind::

    [field.email]
    from = "EMAIL"          # source field; a list means: the first that holds something
    step = "email"          # one of shared.transform.steps
    required = true
    default = "u{id}@portage.invalid"

    [field.department_ids]
    from = "UF_DEPARTMENT"
    reference = "department"
    many = true

    [field.owner_id]
    from = "OWNER_ID"
    reference = "user"
    required = true
    missing = "placeholder" # who is gone from the source is made up in the target

    [field.members]
    from = "members"
    many = true
    fields.user_id = { from = "USER_ID", reference = "user", required = true }

    [field.body_html]
    from = "DETAIL_TEXT"
    make = "markup"         # one of shared.transform.makers, or of the plan's own: composed of the whole record
    options = { files = "feed_post" }

    [field.stage_id]
    from = "STAGE_ID"
    make = "stage"
    table = "codes"         # a table of the plan: what it says of this entity goes into the options

    [field.reply_to_id]
    from = "params.REPLY_ID"
    reference = "chat_message"
    within = "chat_id"      # names the parent of what is referred to, where that lies by its parents

    left_out_by = "reason"  # records in which this field holds something stay behind
    also_known_as = "aliases"  # holds further source ids by which others refer to a record
    within = "chat_id"  # names the parent; the id map has records with those of the parent's neighbours

``from`` may lead into objects (``details.chatId``). Names of source fields for makers, and those under ``[ignore]``,
may be patterns (``parentId*``).
"""

from collections.abc import Mapping as AbstractMapping
from typing import Any

from shared.model.json import JsonObject
from shared.transform.makers import MAKERS
from shared.transform.making import Maker
from shared.transform.mapping import Mapping, Rule
from shared.transform.steps import STEPS
from shared.transform.tables import Table, Tables

_RULE_KEYS = {
    "from",
    "step",
    "values",
    "required",
    "default",
    "reference",
    "many",
    "fields",
    "make",
    "options",
    "missing",
    "table",
    "within",
}
_OF_STEPS = {"step", "values", "reference", "many", "fields", "missing", "within"}


class MappingError(ValueError):
    """A mapping file says something that makes no sense; the message names the field and what was expected."""


def read_mapping(
    entity: str,
    document: AbstractMapping[str, Any],
    makers: AbstractMapping[str, Maker] | None = None,
    tables: Tables | None = None,
) -> Mapping:
    """Check and read a mapping document. ``makers`` and ``tables`` are the plan's own. Raises MappingError."""
    fields = document.get("field")
    if not isinstance(fields, dict) or not fields:
        raise MappingError(f"{entity}: expected at least one table [field.<name>]")
    known = {**MAKERS, **(makers or {})}
    told = {name: by_entity.get(entity, Table(None)) for name, by_entity in (tables or {}).items()}
    rules = tuple(_rule(f"{entity}.{name}", name, body, known, told) for name, body in fields.items())
    ignored = {**document.get("ignore", {})}
    if unexplained := sorted(name for name, reason in ignored.items() if not reason or not isinstance(reason, str)):
        raise MappingError(f"{entity}: {', '.join(unexplained)} is ignored without a reason")
    for body in fields.values():
        ignored |= told[body["table"]].ignored if "table" in body else {}
    named = (document.get(name) for name in ("left_out_by", "also_known_as", "within"))
    mapping = Mapping(entity, rules, ignored, *named)
    if both := mapping.sources & ignored.keys():
        raise MappingError(f"{entity}: {', '.join(sorted(both))} cannot be mapped and ignored at once")
    return mapping


def _rule(
    place: str, name: str, body: Any, makers: AbstractMapping[str, Maker], tables: AbstractMapping[str, Table]
) -> Rule:
    if not isinstance(body, dict):
        raise MappingError(f"{place}: expected a table")
    if unknown := body.keys() - _RULE_KEYS:
        raise MappingError(f"{place}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(_RULE_KEYS))}")
    maker = body.get("make")
    if maker is not None and maker not in makers:
        raise MappingError(f"{place}: no maker {maker!r}; there are {', '.join(sorted(makers))}")
    if maker is not None and (idle := body.keys() & _OF_STEPS):
        raise MappingError(f"{place}: 'make' goes without {', '.join(sorted(idle))}")
    if "table" in body and (maker is None or body["table"] not in tables):
        raise MappingError(f"{place}: 'table' goes with 'make'; there are {', '.join(sorted(tables)) or 'none'}")
    table = tables[body["table"]] if "table" in body else Table(None)
    step = body.get("step", "text")
    if step not in STEPS:
        raise MappingError(f"{place}: no step {step!r}; there are {', '.join(sorted(STEPS))}")
    if step == "choice" and not isinstance(body.get("values"), dict):
        raise MappingError(f"{place}: step 'choice' needs a table 'values'")
    origin = body.get("from")
    sources = (origin,) if isinstance(origin, str) else tuple(origin or ())
    nested = tuple(_rule(f"{place}.{key}", key, inner, {}, {}) for key, inner in body.get("fields", {}).items())
    return Rule(
        name=name,
        sources=(*sources, *table.sources),
        step=step,
        options={
            **body.get("options", {}),
            **({"values": body["values"]} if "values" in body else {}),
            **({"table": table.content} if "table" in body else {}),
        },
        required=bool(body.get("required", False)),
        default=body.get("default"),
        reference=body.get("reference"),
        many=bool(body.get("many", False)),
        fields=nested,
        placeholder=_is_placeholder(place, body),
        maker=None if maker is None else makers[maker],
        within=_parent_field(place, body),
    )


def _is_placeholder(place: str, body: JsonObject) -> bool:
    policy = body.get("missing")
    if policy not in (None, "placeholder") or (policy and not body.get("reference")):
        raise MappingError(f"{place}: 'missing' goes with a reference, and can be 'placeholder' only")
    return policy is not None


def _parent_field(place: str, body: JsonObject) -> str | None:
    within = body.get("within")
    if within is not None and not (isinstance(within, str) and body.get("reference")):
        raise MappingError(f"{place}: 'within' goes with a reference, and names a field of the source")
    return within
