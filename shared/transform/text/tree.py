"""What a body is between reading and rendering: a tree of inline runs, elements and links to other records."""

from dataclasses import dataclass, field

ATTACHED_FILE = "attached_file"
"""A file as it hangs on one record: the id of a Disk attached object (API facts §4.9)."""
DISK_FILE = "disk_file"
"""A file on the portal's Disk: the id of the object, written ``n505`` in texts."""
BLOG_IMAGE = "blog_image"
"""A picture uploaded into a post, ``[IMG ID=7]``."""
FILE_URL = "file_url"
"""A file that is known by its address on the portal only."""
FILES = frozenset({ATTACHED_FILE, DISK_FILE, BLOG_IMAGE, FILE_URL})


@dataclass(frozen=True, slots=True)
class Ref:
    """A record or a file of the source that a text points to.

    ``entity`` is an entity of the contract (``user``, ``task``, …) or one of ``FILES``; ``source_id`` is written as in
    the id map (``128:7`` for a smart process item), or is an absolute URL for ``FILE_URL``. ``within`` is the source id
    of its parent (the chat of a message), where the text tells it.
    """

    entity: str
    source_id: str
    within: str | None = None


@dataclass(slots=True)
class Text:
    """A run of text and the letters of its marks, in the order ``bius``."""

    value: str
    marks: str = ""


@dataclass(slots=True)
class Element:
    """An HTML element. ``marks`` are those that go on around an inline one, such as a line break."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)
    marks: str = ""


@dataclass(slots=True)
class Link:
    """A place that shows another record: a mention, a link into the portal, a file. ``label`` is what stood there."""

    ref: Ref
    label: list["Node"] = field(default_factory=list)
    marks: str = ""


Node = Text | Element | Link


@dataclass(frozen=True, slots=True)
class Markup:
    """A body that was read. ``references`` are all records and files in it, in order, each once."""

    nodes: tuple[Node, ...]
    references: tuple[Ref, ...]

    @staticmethod
    def of(nodes: list[Node]) -> "Markup":
        """The markup with these nodes."""
        references: dict[Ref, None] = {}
        _collect(nodes, references)
        return Markup(tuple(nodes), tuple(references))


def text_of(nodes: list[Node]) -> str:
    """The visible text of nodes, without anything else."""
    return "".join(map(_visible, nodes))


def _visible(node: Node) -> str:
    match node:
        case Text():
            return node.value
        case Element():
            return text_of(node.children)
        case Link():
            return text_of(node.label)


def _collect(nodes: list[Node], references: dict[Ref, None]) -> None:
    for node in nodes:
        if isinstance(node, Element):
            _collect(node.children, references)
        elif isinstance(node, Link):
            references[node.ref] = None
            _collect(node.label, references)
