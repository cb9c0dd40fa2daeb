"""All checks of a folder of Bicep files together."""

from collections.abc import Iterator
from pathlib import Path

from lab.bicep import bodies, modules, parameters, references, resources, roles, secrets, symbols
from lab.bicep.reading import Finding, read_all
from lab.bicep.shapes import Shapes


def prove(folder: Path) -> list[Finding]:
    """What is wrong with the templates and parameter files in ``folder``; its entry point is ``main.bicep``."""
    return sorted(set(_findings(folder)))


def _findings(folder: Path) -> Iterator[Finding]:
    templates, unread = read_all(folder)
    main = (folder / "main.bicep").resolve()
    if unread:
        yield from unread  # what the others say of a file that is missing would only hide this
        return
    if main not in templates:
        yield Finding("main.bicep", 1, "is not there")
        return
    shapes = Shapes(templates, main)
    for template in templates.values():
        yield from symbols.check(template)
        yield from modules.check(template, templates, main)
        yield from resources.check(template)
        yield from bodies.check(template, shapes)
        yield from references.check(template)
        yield from secrets.check(template)
    yield from roles.check(templates.values())
    yield from parameters.check(templates[main], folder)
