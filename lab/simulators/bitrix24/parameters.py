"""Parameters from query strings, forms and JSON into one tree, as PHP reads them (API facts §1.1)."""

import email
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from lab.simulators.bitrix24.errors import PortalError

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\]]*\])*)$")
_PART = re.compile(r"\[([^\]]*)\]")

Tree = dict[str, Any]


def method_name(text: str) -> str:
    """``User.Get.json`` → ``user.get``. Raises PortalError for XML, which is not offered here."""
    name = text.lower()
    if name.endswith(".xml"):
        raise PortalError("ERROR_CORE", "Answers in XML are not offered by this portal; ask for JSON.")
    return name.removesuffix(".json")


def parse(query: str, body: bytes, content_type: str) -> Tree:
    """Query first, body over it. A JSON array becomes positional arguments: keys ``0``, ``1``, …

    A body that is no JSON where JSON was promised counts as empty.
    """
    tree = parse_query(query)
    kind = content_type.partition(";")[0].strip().lower()
    if "json" in kind:
        return tree | _json_tree(body)
    if kind == "multipart/form-data":
        return tree | _tree(_multipart(body, content_type))
    return tree | parse_query(body.decode("utf-8", "replace"))


def parse_query(text: str) -> Tree:
    """``filter[>ID]=5&select[]=ID`` → ``{"filter": {">ID": "5"}, "select": ["ID"]}``."""
    return _tree(parse_qsl(text, keep_blank_values=True))


def pick(tree: Tree, name: str) -> Any:
    """A top-level parameter, whatever its case."""
    return next((value for key, value in tree.items() if key.lower() == name.lower()), None)


def _json_tree(body: bytes) -> Tree:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    if isinstance(document, list):
        return {str(place): value for place, value in enumerate(document)}
    return document if isinstance(document, dict) else {}


def _multipart(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """The fields of a form; files among them as text, since nothing is uploaded here."""
    head = f"content-type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    fields = []
    for part in email.message_from_bytes(head + body).walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields.append((name, content.decode("utf-8", "replace")))
    return fields


def _tree(pairs: list[tuple[str, str]]) -> Tree:
    tree: Tree = {}
    for key, value in pairs:
        if match := _KEY.match(key):
            _put(tree, [match[1], *_PART.findall(match[2])], value)
    return {name: _listed(value) for name, value in tree.items()}


def _put(tree: Tree, path: list[str], value: str) -> None:
    for name in path[:-1]:
        key = name or _appended(tree)
        if not isinstance(tree.get(key), dict):
            tree[key] = {}
        tree = tree[key]
    tree[path[-1] or _appended(tree)] = value


def _appended(tree: Tree) -> str:
    """The key that ``[]`` stands for: one more than the highest number so far."""
    return str(max((int(key) for key in tree if key.isdecimal()), default=-1) + 1)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] and inner else inner
