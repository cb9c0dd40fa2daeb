"""A reader of HTML that is not the product's: what elements, attributes and text a browser would find."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "wbr"}


@dataclass
class Seen:
    """What was found. ``unbalanced`` are end tags without a start and starts without an end."""

    elements: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.elements.append(tag)
        self.seen.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.seen.unbalanced.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.seen.text += data


def seen(html: str) -> Seen:
    """Read ``html``."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.seen.unbalanced += reader.open
    return reader.seen


def dangers(html: str) -> list[str]:
    """Elements, attributes and addresses that could run or load something; empty for harmless HTML."""
    found = seen(html)
    allowed_addresses = ("http://", "https://", "mailto:", "tel:")
    named = {"href", "src"}
    harmless = {"alt", "align", "width", "height", "colspan", "rowspan", "start", "datetime", "rel"}
    elements = {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "base", "meta", "link"}
    return [
        *(one for one in found.elements if one in elements),
        *(
            f"{tag} {name}={value}"
            for tag, name, value in found.attributes
            if name not in named | harmless | {"data-entity", "data-id"}
            or (name in named and not value.lower().startswith(allowed_addresses))
        ),
    ]
