"""Posts of the news feed, who may read them, and the comments below them."""

import random
from dataclasses import dataclass, field, replace

from lab.simulators.bitrix24 import stamps
from lab.simulators.bitrix24.disk.data import Disk, File
from lab.simulators.bitrix24.family import Change
from lab.simulators.bitrix24.feed import rows
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.circles import Circles
from lab.simulators.bitrix24.people.data import Size
from lab.simulators.bitrix24.texts import Writer, encoded

_EVERYBODY = "UA"


@dataclass(slots=True)
class Post:
    """``log``: id of its entry in the feed; ``active``: when something last happened to it; both are not answered.

    A ``draft`` is found by the list and then left out of the answer, which leaves a hole.
    """

    row: Row
    log: int
    audience: list[str]
    published: int
    active: int
    draft: bool = False

    def visible(self, user: int, rights: frozenset[str]) -> bool:
        """For its readers and its author; being an administrator does not help."""
        return self.row["AUTHOR_ID"] == str(user) or not rights.isdisjoint(self.audience)


@dataclass(frozen=True, slots=True)
class Comment:
    """``id`` is the cursor of the list; ``number`` the id of the comment itself."""

    id: int
    number: int
    post: int
    author: int
    made: int
    text: str
    files: tuple[File, ...] = ()


@dataclass(slots=True)
class Feed:
    """``key``: what a comment's answer calls the post: ``post_id``, or ``log_id`` and means the entry's id."""

    circles: Circles
    disk: Disk
    writer: Writer
    key: str
    posts: dict[int, Post] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    _reach: dict[str, set[int]] = field(default_factory=dict)
    _last: list[int] = field(default_factory=lambda: [0, 1000, 4000, 600])  # post, log entry, cursor, comment

    def truth(self, entity: str) -> list[Row]:
        """``feed_post``: what the list answers, with ``audience`` (rights codes). ``feed_comment``: whole texts."""
        if entity == "feed_post":
            return [post.row | {"audience": post.audience} for post in self.posts.values() if not post.draft]
        if entity == "feed_comment":
            return [_told(one) for one in self.comments.values() if not self.posts[one.post].draft]
        raise KeyError(entity)

    def mutate(self, chance: random.Random) -> list[Change]:
        """Somebody posts, edits, deletes or comments, perhaps with files."""
        known = len(self.disk.files)
        changes = self._work(chance)
        return [*(Change("file", str(number), "added") for number in list(self.disk.files)[known:]), *changes]

    def _work(self, chance: random.Random) -> list[Change]:
        kind, now = chance.random(), int(self.circles.people.clock())
        living = [number for number, post in self.posts.items() if not post.draft]
        if not living:
            return []
        if kind < 0.25:
            return [Change("feed_post", self.add(chance, now).row["ID"], "added")]
        number = chance.choice(living)
        if kind < 0.65:
            return [Change("feed_comment", str(self.reply(chance, number, now).number), "added")]
        if kind < 0.9:
            post = self.posts[number]
            self.posts[number] = replace(post, row=post.row | {"DETAIL_TEXT": self.writer.body(), "TITLE": "(edited)"})
            return [Change("feed_post", str(number), "changed")]
        gone = [one for one in self.comments.values() if one.post == number]
        for one in gone:
            del self.comments[one.id]
        del self.posts[number]
        return [*(Change("feed_comment", str(one.number), "deleted") for one in gone), _deleted(number)]

    def add(self, chance: random.Random, published: int) -> Post:
        """A new post."""
        self._last[0] += chance.choice([1, 1, 2, 5])
        self._last[1] += chance.randint(1, 6)
        number = self._last[0]
        author, audience = self.circles.somebody(chance, gone=0.04), self._audience(chance)
        attached, tags = self._attach(chance, number, author, published, audience)
        title = self.writer.title(number) if chance.random() < 0.5 else ""
        text = self.writer.body(tags)
        if number % 6 == 3:
            text = encoded(text)
        labels = ",".join(str(one) for one in chance.sample(range(1, 9), chance.choice([0, 0, 1, 3])))
        row = rows.post(number, author, title, text, stamps.written(published), attached=attached, tags=labels)
        row["HAS_SOCNET_ALL"] = "Y" if _EVERYBODY in audience else "N"
        post = Post(row, self._last[1], audience, published, published)
        self.posts[number] = post
        return post

    def reply(self, chance: random.Random, number: int, made: int) -> Comment:
        """A new comment on a post, which brings the post to the top of the feed."""
        post = self.posts[number]
        self._last[2] += chance.randint(1, 3)
        self._last[3] += chance.randint(1, 2)
        author = self.circles.somebody(chance, gone=0.04)
        files = tuple(self.disk.add(author, made) for _ in range(int(chance.random() < 0.15)))
        text = self.writer.body() if chance.random() < 0.2 else self.writer.line()
        comment = Comment(self._last[2], self._last[3], number, author, made, text, files)
        self.comments[comment.id] = comment
        count = str(int(post.row["NUM_COMMENTS"]) + 1)
        self.posts[number] = replace(post, row=post.row | {"NUM_COMMENTS": count}, active=max(post.active, made))
        return comment

    def _audience(self, chance: random.Random) -> list[str]:
        people, kind = self.circles.people, chance.random()
        if kind < 0.35:
            return [_EVERYBODY]
        codes = []
        if kind < 0.7 and people.groups.ids:
            codes.append(f"SG{chance.choice(people.groups.ids)}")
        elif kind < 0.8 and people.departments.ids:
            codes.append(f"DR{chance.choice(people.departments.ids)}")
        if not codes or chance.random() < 0.2:
            codes += [f"U{one}" for one in self.circles.several(chance, 3)]
        return codes

    def _attach(
        self, chance: random.Random, number: int, author: int, published: int, audience: list[str]
    ) -> tuple[list[int], list[str]]:
        """Attached-object ids, and tags that show some of them in the text."""
        if chance.random() > 0.3:
            return [], []
        readers = None if _EVERYBODY in audience else frozenset({author, *self._readers(audience)})
        files = [self.disk.add(author, published, readers, secret=True) for _ in range(chance.randint(1, 3))]
        links = [self.disk.attach(file, "blog", "blog_post", number) for file in files]
        tags = [f"[DISK FILE ID=n{links[0].file}]", f"[DISK FILE ID={links[0].id}]", f"[DOCUMENT ID={links[0].id}]"]
        return [link.id for link in links], [chance.choice(tags)]

    def _readers(self, audience: list[str]) -> set[int]:
        """Whoever has one of the rights at the time of posting."""
        if not self._reach:
            for one in self.circles.ids:
                for code in self.circles.rights(one):
                    self._reach.setdefault(code, set()).add(one)
        return {one for code in audience for one in self._reach.get(code, ())}


def populate(size: Size, circles: Circles, disk: Disk) -> Feed:
    """The same feed for the same size and seed."""
    chance = random.Random(f"feed{size.seed}")
    writer = Writer(chance, [(number, circles.name(number)) for number in circles.ids])
    feed = Feed(circles, disk, writer, "post_id" if size.seed % 2 else "log_id")
    moments = sorted(chance.randint(stamps.FIRST, stamps.LAST) for _ in range(size.posts if circles.ids else 0))
    for place, published in enumerate(moments):
        feed.add(chance, published).draft = place % 37 == 11
    events = [
        (post.published + chance.randint(60, 3_000_000), number)
        for number, post in feed.posts.items()
        for _ in range(chance.choice([0, 0, 1, 2, 6]) if post.row["ENABLE_COMMENTS"] == "Y" else 0)
    ]
    for made, number in sorted(events):
        feed.reply(chance, number, made)
    return feed


def _told(one: Comment) -> Row:
    return {
        "id": str(one.number),
        "post_id": str(one.post),
        "author_id": str(one.author),
        "date": stamps.written(one.made),
        "text": one.text,
        "files": [str(file.id) for file in one.files],
    }


def _deleted(number: int) -> Change:
    return Change("feed_post", str(number), "deleted")
