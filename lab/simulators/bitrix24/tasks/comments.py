"""Comments of the old task card: posts of a forum topic (API facts §4.4)."""

import random
from dataclasses import dataclass

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.disk.data import Attachment, Disk
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles
from lab.simulators.bitrix24.texts import Writer

NEW_CARD = 1756684800  # 2025-09-01: what had been written until then was copied into the chats of some tasks


@dataclass(frozen=True, slots=True)
class ForumComment:
    """``moved``: it was copied into the task's chat when the new card came."""

    id: int
    task: int
    author: int
    made: int
    text: str
    files: tuple[Attachment, ...] = ()
    moved: bool = False


def forum(
    chance: random.Random, writer: Writer, circles: Circles, rows: list[Row], disk: Disk
) -> dict[int, list[ForumComment]]:
    """Half of the tasks have comments there; the older ones of every fourth task were copied into its chat."""
    found: dict[int, list[ForumComment]] = {}
    last = 500
    for place, row in enumerate(rows):
        if place % 2:
            continue
        made = stamps.read(row["CREATED_DATE"]) or 0
        comments = []
        for _ in range(chance.randint(1, 5)):
            last += chance.randint(1, 3)
            made += chance.randint(60, 90_000)
            author = circles.somebody(chance, gone=0.05)
            links = _files(chance, disk, last, author, made)
            tags = [f"[DISK FILE ID={link.id}]" for link in links[:1]]
            text = writer.body(tags) if chance.random() < 0.4 else writer.line()
            comments.append(
                ForumComment(last, int(row["ID"]), author, made, text, links, moved=place % 4 == 0 and made < NEW_CARD)
            )
        found[int(row["ID"])] = comments
        row["COMMENTS_COUNT"] = str(len(comments))
        row["FORUM_TOPIC_ID"], row["FORUM_ID"] = str(100 + place), "11"
    return found


def _files(chance: random.Random, disk: Disk, comment: int, author: int, made: int) -> tuple[Attachment, ...]:
    if chance.random() > 0.15:
        return ()
    files = [disk.add(author, made) for _ in range(chance.randint(1, 2))]
    return tuple(disk.attach(file, "forum", "forum_message", comment) for file in files)
