"""Descriptions of bodies, as far as ``infra/`` goes into them: an object that is nowhere written out stays closed."""

from collections.abc import Iterable
from typing import Any

from lab.bicep.providers.models import Attribute, Models
from lab.bicep.shapes import Fields, Items, Shape

Spec = dict[str, Any]

_PLAIN = {
    "str": "string",
    "int": "int",
    "long": "int",
    "float": "number",
    "bool": "bool",
    "duration": "string",
    "iso-8601": "string",
    "object": "any",
}
_LIMITS = {"min_length": "minimum", "max_length": "maximum", "minimum": "minimum", "maximum": "maximum"}


class Describing:
    """Describes bodies by the models of one API version."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def written(self, model: str, shapes: Iterable[Shape]) -> Spec:
        """A model, opened as far as ``shapes`` go into it."""
        bodies = list(shapes)
        root: Spec = {"type": "object", "properties": {}}
        for attribute in self._models.attributes(model):
            place, inner = root, bodies
            for name in attribute.path[:-1]:
                place = place["properties"].setdefault(name, {"type": "object", "properties": {}})
                inner = _inside(inner, name)
                if attribute.rules.get("required") and not attribute.rules.get("readonly"):
                    place["required"] = True
            last = attribute.path[-1]
            if not last:
                place["open"] = True
                continue
            place["properties"][last] = _short(self._one(attribute, _inside(inner, last)))
        return root

    def read(self, model: str, path: list[str]) -> bool:
        """Whether a resource, when it is read, has a property at ``path``."""
        for attribute in self._models.attributes(model):
            length = len(attribute.path)
            if list(attribute.path[: len(path)]) == path:
                return True
            if list(attribute.path) == path[:length]:
                return attribute.type not in self._models or self.read(attribute.type, path[length:])
        return False

    def _one(self, attribute: Attribute, shapes: list[Shape]) -> Spec:
        spec, rules = self._type(attribute.type, attribute.values, shapes), attribute.rules
        spec |= {ours: rules[theirs] for theirs, ours in _LIMITS.items() if theirs in rules}
        spec |= {"pattern": rules["pattern"]} if "pattern" in rules else {}
        if rules.get("readonly"):
            return spec | {"readOnly": True}
        return spec | ({"required": True} if rules.get("required") else {})

    def _type(self, kind: str, values: tuple[str | int, ...], shapes: list[Shape]) -> Spec:
        if kind.startswith("["):
            elements = [one for shape in shapes if isinstance(shape, Items) for one in shape.items]
            return {"type": "array", "items": _short(self._type(kind[1:-1], values, elements))}
        if kind.startswith("{"):
            held = [
                one for shape in shapes if isinstance(shape, Fields) for field in shape.fields.values() for one in field
            ]
            return {"type": "map", "items": _short(self._type(kind[1:-1], values, held))}
        if kind in self._models:
            opened = any(isinstance(one, Fields) for one in shapes)
            return self.written(kind, shapes) if opened else {"type": "object"}
        return {"type": _PLAIN[kind]} | ({"enum": list(values)} if values else {})


def require(spec: Spec, path: str) -> None:
    """Mark the property at ``path`` as required; ``[]`` goes into the elements of an array."""
    *outer, last = path.split(".")
    for name in outer:
        spec = spec["properties"][name.removesuffix("[]")]
        spec = spec["items"] if name.endswith("[]") else spec
    one = spec["properties"][last]
    spec["properties"][last] = ({"type": one} if isinstance(one, str) else one) | {"required": True}


def _inside(bodies: Iterable[Shape], name: str) -> list[Shape]:
    return [one for body in bodies if isinstance(body, Fields) for one in body.fields.get(name, ())]


def _short(spec: Spec) -> Spec | str:
    """A type of which nothing else is known, as its name alone."""
    return str(spec["type"]) if set(spec) == {"type"} else spec
