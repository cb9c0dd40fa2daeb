"""Parameters from query strings, forms and JSON into one tree, as PHP reads them (API facts §1.1)."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\]]*\])*)$")
_PART = re.compile(r"\[([^\]]*)\]")

Tree = dict[str, Any]


def parse(query: str, body: bytes, content_type: str) -> Tree:
    """Query first, body over it. A body that is no JSON where JSON was promised counts as empty."""
    tree = parse_query(query)
    if "json" in content_type:
        try:
            document = json.loads(body or b"{}")
        except ValueError:
            document = {}
        return tree | document if isinstance(document, dict) else tree
    return tree | parse_query(body.decode("utf-8", "replace"))


def parse_query(text: str) -> Tree:
    """``filter[>ID]=5&select[]=ID`` → ``{"filter": {">ID": "5"}, "select": ["ID"]}``."""
    tree: Tree = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        if match := _KEY.match(key):
            _put(tree, [match[1], *_PART.findall(match[2])], value)
    return {name: _listed(value) for name, value in tree.items()}


def _put(tree: Tree, path: list[str], value: str) -> None:
    for name in path[:-1]:
        inner = tree.setdefault(name or str(len(tree)), {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree[path[-1] or str(len(tree))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] and inner else inner


def pick(tree: Tree, name: str) -> Any:
    """A top-level parameter, whatever its case."""
    return next((value for key, value in tree.items() if key.lower() == name.lower()), None)
