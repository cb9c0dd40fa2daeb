"""What a proof reads back of its own is read a few blobs at a time, however many there are."""

from dataclasses import dataclass, field, replace

from shared.engine.proof.ids import Gathered, Ids
from shared.engine.proof.listings import streamed
from shared.storage.memory.opening import open_memory_stores


@dataclass
class CountingArchive:
    """Blobs that each hold their number."""

    read: list[str] = field(default_factory=list)

    async def put(self, name: str, content: bytes) -> None:
        raise AssertionError(name)

    async def get(self, name: str) -> bytes:
        self.read.append(name)
        return f'{{"n": {name}}}'.encode()

    async def names(self, prefix: str) -> list[str]:
        raise AssertionError(prefix)


async def test_only_so_many_blobs_are_read_as_are_looked_at() -> None:
    archive = CountingArchive()
    stores = replace(open_memory_stores(), archive=archive)
    blobs = [str(number) for number in range(1000)]
    seen = []
    async for document in streamed(stores, blobs):
        seen.append(document["n"])
        assert len(archive.read) - len(seen) < 8
    assert seen == list(range(1000))


def test_ids_that_come_page_by_page_are_the_same_set_as_all_at_once() -> None:
    pages = [[f"{page}-{number}" for number in range(300)] for page in range(5)]
    gathered = Gathered()
    for page in pages:
        gathered.add(page)
    gathered.add(["0-0", "0-1"])
    ids = gathered.ids()
    assert all(one in ids and one in Ids.of(pages) for page in pages for one in page)
    assert ("5-0" in ids, ids.doubled, Ids.of(pages).doubled) == (False, 2, 0)
