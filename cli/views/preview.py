"""What a run of a plan would do, as the API tells it."""

import json

from rich.console import Group, RenderableType
from rich.text import Text

from cli.views.text import clean
from shared.model.json import Json, as_map


def preview_view(preview: Json) -> RenderableType:
    """Names and values indented by depth; nothing is left out, so that a newer API needs no newer command."""
    return Group(*(Text(clean(line)) for line in _lines(preview, "")))


def _lines(value: Json, indent: str) -> list[str]:
    lines: list[str] = []
    for name, item in as_map(value).items():
        if isinstance(item, dict) and item:
            lines += [f"{indent}{name}:", *_lines(item, indent + "  ")]
        elif isinstance(item, list) and any(isinstance(entry, dict) for entry in item):
            lines.append(f"{indent}{name}:")
            for entry in item:
                lines.append(f"{indent}  - {_inline(entry)}")
        else:
            lines.append(f"{indent}{name}: {_inline(item)}")
    return lines


def _inline(value: Json) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_inline(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_inline(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
