"""Modules: the file exists, is given what it needs and nothing else, and has the outputs that are taken out of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tree_sitter import Node

from lab.bicep.reading import Declaration, Finding, Template, body_of, entries, text_of

_TYPES = {
    "string": "string",
    "number": "int",
    "boolean": "bool",
    "array": "array",
    "for_statement": "array",
    "object": "object",
}


def check(template: Template, templates: Mapping[Path, Template], main: Path) -> Iterator[Finding]:
    """What is wrong with the modules that ``template`` calls. ``templates`` are by resolved path."""
    called = {one.name: _target(template, one, templates) for one in template.declared("module")}
    for one in template.declared("module"):
        target = called[one.name]
        if target is None:
            yield template.finding(one.line, f"module {one.name}: there is no file {called_file(one)}")
        else:
            yield from _given(template, one, target)
    for name, output, line in template.used_outputs:
        target = called.get(name)
        if target is not None and target.find(output, "output") is None:
            yield template.finding(line, f"module {name} has no output {output}")
    if template.path.resolve() != main:
        yield from _taken(template, templates)


def _taken(template: Template, templates: Mapping[Path, Template]) -> Iterator[Finding]:
    """A module has a caller, and each of its outputs a taker."""
    calls = [
        (other, one.name)
        for other in templates.values()
        for one in other.declared("module")
        if (other.path.parent / called_file(one)).resolve() == template.path.resolve()
    ]
    if not calls:
        yield template.finding(1, "no template calls this module")
        return
    taken = {output for other, call in calls for name, output, _ in other.used_outputs if name == call}
    for one in template.declared("output"):
        if one.name not in taken:
            yield template.finding(one.line, f"nobody takes output {one.name}")


def called_file(declaration: Declaration) -> str:
    """The path of the file that a module is made of, from the file that calls it."""
    return text_of(declaration.node.named_children[1]).strip("'")


def _target(template: Template, one: Declaration, templates: Mapping[Path, Template]) -> Template | None:
    return templates.get((template.path.parent / called_file(one)).resolve())


def _given(template: Template, one: Declaration, target: Template) -> Iterator[Finding]:
    params = entries(body_of(one)).get("params")
    given = entries(params) if params is not None else {}
    for name in target.parameters.keys() - given.keys():
        if target.parameters[name]["default"] is None:
            yield template.finding(one.line, f"module {one.name} is not given {name}")
    for name, value in given.items():
        line = value.start_point.row + 1
        if name not in target.parameters:
            yield template.finding(line, f"module {one.name} has no parameter {name}")
            continue
        expected, actual = target.parameters[name]["type"], _type(template, value)
        if actual is not None and actual != expected:
            yield template.finding(line, f"module {one.name} takes {name} as {expected}, not {actual}")


def _type(template: Template, value: Node) -> str | None:
    """The type of an argument where it is plain to see: a literal or a parameter."""
    if value.type == "identifier":
        found = template.parameters.get(text_of(value))
        return str(found["type"]) if found else None
    return _TYPES.get(value.type)
