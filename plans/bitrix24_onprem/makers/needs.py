"""What the target has to know of before records come: custom fields, codes and enumerations that the plan names.

A code that no table lists stays as it is in the portal, and is known when its records are read.
"""

from plans.bitrix24_onprem.makers.codes import KINDS
from shared.model.records import SchemaNeeds
from shared.transform.mapping import Mapping, Rule


def needs_of(mapping: Mapping) -> SchemaNeeds:
    """By the tables ``custom_fields`` and ``codes``, and by the choices that the rules make."""
    custom = tuple(
        field.code for rule in mapping.rules if rule.name == "custom" for field in rule.options["table"] or ()
    )
    known = {rule.name: _codes(mapping.entity, rule) for rule in mapping.rules}
    codes = {name: tuple(sorted(some)) for name, some in known.items() if some}
    return SchemaNeeds(mapping.entity, custom, codes, frozenset(rule.name for rule in mapping.rules if rule.required))


def _codes(entity: str, rule: Rule) -> set[str]:
    values = rule.options["values"] if rule.step == "choice" else {}
    if rule.name in KINDS.get(entity, ()):
        values = (rule.options["table"] or {}).get(rule.name, {})
    return {value for value in values.values() if isinstance(value, str)}
