"""Roles: known ones, each where and to whom ``roles.toml`` gives it, and no other."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lab.bicep.reading import Finding, Template, body_of, entries, text_of, value_of

_TABLE = tomllib.loads(Path(__file__).with_name("roles.toml").read_text(encoding="utf-8"))
_KNOWN: dict[str, str] = _TABLE["known"]

Grant = tuple[str, str, str]
"""Who (parameter with the principal), where (symbol of the resource), which role by its name."""

GRANTS: frozenset[Grant] = frozenset((one["principal"], one["scope"], one["role"]) for one in _TABLE["grants"])

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEFINITION = re.compile(r"subscriptionResourceId\(\s*'Microsoft\.Authorization/roleDefinitions',\s*(\S+?)\s*\)")
_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


def check(templates: Iterable[Template]) -> Iterator[Finding]:
    """Role assignments that are not in the table, and lines of the table that nothing assigns."""
    given: set[Grant] = set()
    last: Template | None = None
    for template in templates:
        for name, resource in template.document.get("resources", {}).items():
            if resource["type"] != _ASSIGNMENTS:
                continue
            last = template
            grant = _read(template, name)
            if isinstance(grant, Finding):
                yield grant
            else:
                given.add(grant)
                yield from _refused(template, name, grant)
    for principal, scope, role in sorted(GRANTS - given):
        if last is not None:
            yield last.finding(1, f"nothing gives {principal} the role {role} on {scope}")


def _read(template: Template, name: str) -> Grant | Finding:
    declared = template.find(name, "resource")
    if declared is None:
        return template.finding(1, f"{name}: is not declared")
    body = entries(body_of(declared))
    properties = entries(body["properties"]) if "properties" in body else {}
    texts = {key: text_of(node) for key, node in (*body.items(), *properties.items())}
    found = _DEFINITION.fullmatch(texts.get("roleDefinitionId", ""))
    if found is None:
        return template.finding(declared.line, f"{name}: roleDefinitionId has to be a subscriptionResourceId(…)")
    role = _role(template, name, found[1])
    return role if isinstance(role, Finding) else (texts.get("principalId", ""), texts.get("scope", ""), role)


def _role(template: Template, name: str, reference: str) -> str | Finding:
    """The role's own name. The variable that holds its id has to be called like it."""
    variable = template.find(reference, "var")
    declared = template.find(name, "resource")
    line = variable.line if variable else declared.line if declared else 1
    guid = text_of(value_of(variable)).strip("'") if variable else reference.strip("'")
    if not _GUID.fullmatch(guid):
        return template.finding(line, f"{name}: {guid} is no id of a role")
    role = _KNOWN.get(guid)
    if role is None:
        return template.finding(line, f"{name}: {guid} is none of the roles that may be given")
    if variable and variable.name.lower() != role.replace(" ", "").lower():
        return template.finding(line, f"{variable.name} is the id of the role {role}")
    return role


def _refused(template: Template, name: str, grant: Grant) -> Iterator[Any]:
    if grant not in GRANTS:
        principal, scope, role = grant
        declared = template.find(name, "resource")
        line = declared.line if declared else 1
        yield template.finding(line, f"{name}: {principal} may not have the role {role} on {scope or 'everything'}")
