"""The list of plans."""

from rich.console import Group, RenderableType
from rich.text import Text

from cli.views.text import clean
from shared.model.json import Json, as_list, as_map


def plans_view(plans: list[Json]) -> RenderableType:
    """A name and title per plan; below it its two systems, its modes and its entities."""
    lines: list[Text] = []
    for item in plans:
        plan = as_map(item)
        entities = ", ".join(str(as_map(entity).get("name", "?")) for entity in as_list(plan.get("entities")))
        lines += [
            Text.assemble((clean(plan.get("plan", "?")), "bold"), clean(f"  {plan.get('title', '')}")),
            Text(clean(f"  from {plan.get('source', '?')} to {plan.get('target', '?')}")),
            Text(clean(f"  modes: {', '.join(map(str, as_list(plan.get('modes'))))}")),
            Text(clean(f"  entities: {entities}")),
        ]
    return Group(*lines)
