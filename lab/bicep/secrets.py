"""Secrets: none in the clear, none handed out, no account keys."""

import re
from collections.abc import Iterator

from lab.bicep.reading import Finding, Template, text_of, value_of, walk, without_comments

_SECRET_NAME = re.compile(
    r"(secret|password|token|code|key|sas|connectionstring|webhookurl|gatewayurl)s?$", re.IGNORECASE
)
_KEYS = re.compile(r"\blist(?:Keys|AccountSas|ServiceSas|Secrets|ConnectionStrings|Credentials|\w*Keys)\s*\(")
_HANDED_OUT = re.compile(
    r"\.(?:ConnectionString|InstrumentationKey|connectionString|primaryKey|secondaryKey|\w*Secret)\b"
)
_WRITTEN_DOWN = re.compile(r"AccountKey=|SharedAccessSignature=|/(?:webhook|rest)/\d+/\w{8,}")


def check(template: Template) -> Iterator[Finding]:
    """Parameters that should be secure, secure ones with a default, and keys that get out."""
    secure = set()
    for name, parameter in template.parameters.items():
        declared = template.find(name, "param")
        line = declared.line if declared else 1
        if any(one["type"] == "secure" for one in parameter["decorators"]):
            secure.add(name)
            if parameter["default"]:
                yield template.finding(line, f"secure parameter {name} has a default")
        elif _SECRET_NAME.search(name) and parameter["type"] in ("string", "object"):
            yield template.finding(line, f"parameter {name} holds a secret and is not @secure()")
    yield from _outputs(template, secure)
    for number, line_text in enumerate(without_comments(template.root).splitlines(), 1):
        if _KEYS.search(line_text):
            yield template.finding(number, "asks for keys; everything here goes by identity")
        if _WRITTEN_DOWN.search(line_text):
            yield template.finding(number, "holds a secret in the clear")


def _outputs(template: Template, secure: set[str]) -> Iterator[Finding]:
    for one in template.declared("output"):
        value = value_of(one)
        names = {text_of(node) for node in walk(value) if node.type == "identifier"}
        if names & secure or _KEYS.search(text_of(value)) or _HANDED_OUT.search(text_of(value)):
            yield template.finding(one.line, f"output {one.name} hands out a secret")
