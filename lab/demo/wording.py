"""What the demo prints of its findings, in 80 columns: it is often read through a pipe."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.table import Table

from lab.proof import Compared


def comparison(compared: Iterable[Compared]) -> Table:
    """One line for each entity. ``values`` and ``links`` are how many of them were compared.

    Expected is what the run's webhooks can see; of media, the values are bytes.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("entity", overflow="fold")
    for name in ("expected", "in gateway", "values", "links", "differences"):
        table.add_column(name, justify="right")
    for entity in compared:
        if entity.remark is not None:
            continue
        numbers = (entity.expected, entity.arrived, entity.values, entity.links, len(entity.differences))
        table.add_row(entity.name, *(f"{number:,}" for number in numbers))
    return table


def remarks(compared: Iterable[Compared]) -> Iterator[str]:
    """What was not compared, and how much of the portal was not there to be copied."""
    for entity in compared:
        if entity.remark is not None:
            yield f"{entity.name} {entity.remark}"
        for reason, count in entity.counted.items():
            yield f"{entity.name}: {reason}: {count:,}"


def where_to_look(directory: Path) -> str:
    """The end of a demo that left its findings in ``directory``."""
    return f"""\
Where to look next, in {directory}
  verdict.json      this demo's numbers and every difference
  logs/             what each process said
  gateway.sqlite    what the gateway holds
and in the checkout
  README.md         Portage on your own portal: make gateway, make serve
  ARCHITECTURE.md   how it works"""
