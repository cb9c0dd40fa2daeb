"""``python -m lab.bicep.providers``: writes ``provider_types.json`` for the resources in ``infra/``."""

import argparse
import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.bicep.bodies import DESCRIBED, own_name
from lab.bicep.providers.describing import Describing, Spec, require
from lab.bicep.providers.models import Models
from lab.bicep.providers.wheels import unpacked
from lab.bicep.reading import read_all
from lab.bicep.references import taken
from lab.bicep.shapes import Fields, Shapes

_ROOT = Path(__file__).resolve().parents[3]
_TABLE = tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))
_MODELS: Mapping[str, list[str]] = _TABLE["models"]
_REQUIRED: Mapping[str, list[str]] = _TABLE["required"]
_NAMED = frozenset(["id", "name", "type"])
"""What Bicep says of a resource in its own way."""


def main() -> int:
    """Download, read and write; fails when a type or a property that is read is not to be found."""
    parser = argparse.ArgumentParser(prog="python -m lab.bicep.providers", description="Describe what providers take.")
    parser.add_argument("folder", nargs="?", type=Path, default=_ROOT / "infra", help="instead of infra/")
    folder = parser.parse_args().folder
    templates, unread = read_all(folder)
    if unread:
        print(*unread, sep="\n", file=sys.stderr)
        return 1
    shapes = Shapes(templates, (folder / "main.bicep").resolve())
    bodies: dict[str, list[Fields]] = {}
    reads: dict[str, set[str]] = {}
    for template in templates.values():
        for name, resource in template.document.get("resources", {}).items():
            if not resource["existing"]:
                for body in shapes.body(template, name):
                    bodies.setdefault(_key(resource, body), []).append(body)
        for kind, path, _ in taken(template):
            reads.setdefault(kind, set()).add(path)
    found = {
        "made_by": "python -m lab.bicep.providers, of the packages named here",
        "packages": sorted({package for package, *_ in _MODELS.values()}),
        "types": {key: _described(key, of_key) for key, of_key in sorted(bodies.items())},
        "reads": {key: sorted(_answered(key, paths)) for key, paths in sorted(reads.items())},
    }
    DESCRIBED.write_text(_lines(found), encoding="utf-8")
    return 0


def _lines(found: Mapping[str, Any]) -> str:
    """JSON with a line for each type, so that a change shows where it is."""
    parts = []
    for name, value in found.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {json.dumps(key)}: {json.dumps(one)}" for key, one in value.items())
            parts.append(f" {json.dumps(name)}: {{\n{inner}\n }}")
        else:
            parts.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _key(resource: Mapping[str, Any], body: Fields) -> str:
    kind, version = resource["type"], resource["api_version"]
    named = f"{kind}/{own_name(body)}@{version}"
    return named if named in _MODELS else f"{kind}@{version}"


def _described(key: str, bodies: list[Fields]) -> Spec:
    describing, model, _ = _model(key)
    spec = describing.written(model, bodies)
    spec["properties"] = {name: one for name, one in spec["properties"].items() if name not in _NAMED}
    for path in _REQUIRED.get(key, ()):
        require(spec, path)
    return spec


def _answered(key: str, paths: set[str]) -> set[str]:
    describing, _, model = _model(key)
    for path in paths:
        if not describing.read(model, path.split(".")):
            raise SystemExit(f"{key} does not answer with {path}")
    return paths


def _model(key: str) -> tuple[Describing, str, str]:
    """The models of a type: of which API version, what is sent, what is answered."""
    package, module, sent, *answered = _MODELS[key]
    folder = unpacked(package, _ROOT / ".local" / "providers") / "azure" / "mgmt" / module / "models"
    return Describing(Models(folder)), sent, answered[0] if answered else sent


if __name__ == "__main__":
    sys.exit(main())
