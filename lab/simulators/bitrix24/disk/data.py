"""Files of the drive, and the links that attach them to posts, tasks and comments."""

import hashlib
import random
from dataclasses import dataclass, field
from functools import lru_cache

from lab.simulators.bitrix24.disk.contents import content
from lab.simulators.bitrix24.disk.signing import Signer
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.data import Size

_NAMES = [
    "Договор №{0}.docx",
    "photo {0}.jpg",
    "скан+подпись.png",
    "Смета (итог) 100%.pdf",
    "anim.gif",
    "O'Neil & Co; a=b.txt",
    "ёлка 🎄.png",
    "очень длинное имя файла, каким его прислал клиент по почте в последний день года {0}.pdf",
    "../..\\a:b*c?.txt",
    "image.png",
]
PICTURES = ("png", "jpg", "gif")
_FIRST_ATTACHMENT = 300


@dataclass(frozen=True, slots=True)
class File:
    """A disk object. ``readers`` None: everybody; ``secret``: not even an administrator who is no reader."""

    id: int
    name: str
    author: int
    created: int
    readers: frozenset[int] | None = None
    secret: bool = False

    @property
    def extension(self) -> str:
        """Lower case, without the dot."""
        return self.name.rpartition(".")[2].lower()

    @property
    def content(self) -> bytes:
        """The bytes."""
        return _content(self.extension, self.id)

    def readable_by(self, user: int, *, admin: bool) -> bool:
        """Whether a user may have the bytes."""
        return self.readers is None or user in self.readers or (admin and not self.secret)


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attached object: what it is attached to has its own number, and so has the file."""

    id: int
    file: int
    module: str
    entity_type: str
    entity_id: int


@dataclass(slots=True)
class Disk:
    """The drive. Object ids and attachment ids are two sequences that overlap; ``address``: the portal's root."""

    chance: random.Random
    address: str = "http://127.0.0.1"
    signer: Signer = field(default_factory=Signer)
    files: dict[int, File] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)

    def add(self, author: int, created: int, readers: frozenset[int] | None = None, *, secret: bool = False) -> File:
        """A new file with a name that people give."""
        number = next(reversed(self.files), 100) + self.chance.randint(1, 4)
        file = File(number, self.chance.choice(_NAMES).format(number), author, created, readers, secret)
        self.files[number] = file
        return file

    def attach(self, file: File, module: str, entity_type: str, entity_id: int) -> Attachment:
        """Attach a file to a record of a module."""
        number = next(reversed(self.attachments), _FIRST_ATTACHMENT) + self.chance.randint(1, 3)
        link = Attachment(number, file.id, module, entity_type, entity_id)
        self.attachments[number] = link
        return link

    def truth(self, entity: str) -> list[Row]:
        """``file``: id of the object, name, size in bytes, SHA-256 in hex."""
        if entity != "file":
            raise KeyError(entity)
        return [
            {
                "id": str(file.id),
                "name": file.name,
                "size": len(file.content),
                "sha256": hashlib.sha256(file.content).hexdigest(),
            }
            for file in self.files.values()
        ]


def populate(size: Size) -> Disk:
    """An empty drive: the other families put their files on it."""
    return Disk(random.Random(f"disk{size.seed}"))


@lru_cache(maxsize=256)
def _content(kind: str, seed: int) -> bytes:
    return content(kind, seed)
