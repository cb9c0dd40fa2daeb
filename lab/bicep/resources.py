"""Resources: type and API version are known, and what the house asks for is there."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.bicep.reading import Declaration, Finding, Template, body_of, entries, text_of

TYPES: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("resource_types.toml").read_text(encoding="utf-8")
)

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_MISSING = object()


def check(template: Template) -> Iterator[Finding]:
    """What is wrong with the resources of a template."""
    for name, resource in template.document.get("resources", {}).items():
        declared = template.find(name, "resource")
        line = declared.line if declared else 1
        for message in _messages(resource):
            yield template.finding(line, f"{name}: {message}")
        if declared is not None:
            yield from _parent(template, declared, resource["type"])


def is_known(kind: str, version: str) -> bool:
    """Whether a type and its API version are in the table."""
    return kind in TYPES and version in TYPES[kind]["versions"]


def _messages(resource: Mapping[str, Any]) -> Iterator[str]:
    kind, version = resource["type"], resource["api_version"]
    known = TYPES.get(kind)
    if known is None:
        yield f"unknown type {kind}"
        return
    if not _VERSION.fullmatch(version):
        yield f"{version} is no API version"
    elif version not in known["versions"]:
        yield f"{kind} has no API version {version}"
    body = _body(resource["config"])
    if resource["existing"]:
        if "name" not in body:
            yield "name is missing"
        return
    for path in known["required"]:
        if _at(body, path) is _MISSING:
            yield f"{path} is missing"
    for path, value in known.get("fixed", {}).items():
        found = _at(body, path)
        if found is _MISSING or found != value or type(found) is not type(value):
            yield f"{path} has to be {value}"


def _body(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object of a resource, out of its loop and condition."""
    while "config" in config and ("loop_type" in config or "condition" in config):
        config = config["config"]
    return config


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(body, Mapping) or name not in body:
            return _MISSING
        body = body[name]
    return body


def _parent(template: Template, declared: Declaration, kind: str) -> Iterator[Finding]:
    value = entries(body_of(declared)).get("parent")
    if value is None:
        return
    name = re.split(r"\W", text_of(value))[0]
    parent = template.document["resources"].get(name)
    if parent is not None and parent["type"] != kind.rpartition("/")[0]:
        yield template.finding(declared.line, f"{declared.name}: a {parent['type']} is no parent of a {kind}")
