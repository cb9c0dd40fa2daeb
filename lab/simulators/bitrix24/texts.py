"""What people write: BBCode as the portal keeps it, well-formed and not (API facts §9.5)."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

_WORDS = [
    "согласовать договор",
    "отгрузка на складе №1",
    "call the client back",
    "счёт & акт",
    "до пятницы",
    "«Заря»",
    "обновить смету",
    "please review",
    "цена < 5000 > нет",
    "R&D budget",
    "фото с объекта",
    "Straße 5",
    "нужно ещё раз проверить остатки",
    "ёлка",
    "и\u0306од",  # a decomposed letter, as some clients send it
]
_EMOJI = ["🎉", "👍🏽", "👩‍💻", "❤️", "🇷🇺", "😀"]
_TITLES = ["Подготовить отчёт", "Договор &quot;Ромашка&quot;", "Ship release", "Счёт №{0}", "Закупка: бумага & ручки"]
_MARKUP = [
    "[B]{0}[/B] и [I]{1}[/I]",
    "[B][I][U]{0}[/U][/I] {1}[/B]",
    "[URL=https://example.com/?a=1&b=2]{0}[/URL] {1}",
    "[URL]https://example.com/путь[/URL]",
    "[COLOR=#ff0000]{0}[/COLOR] [SIZE=14pt]{1}[/SIZE]",
    "[LIST]\r\n[*]{0}\r\n[*]{1}[LIST=1][*]{0}[/LIST]\r\n[/LIST]",
    "[LIST=1]\n[*]{0}\n[*]{1}\n[/LIST]",
    "[CODE]if (a < b && c) {{ return '[B]no[/B]'; }}[/CODE]",
    "[TABLE][TR][TD]{0}[/TD][TD]{1}[/TD][/TR][TR][TD][/TD][TD]2[/TD][/TR][/TABLE]",
    "[QUOTE]{0}\r\n[QUOTE]{1}[/QUOTE][/QUOTE]",
    "[IMG WIDTH=120 HEIGHT=80]https://example.com/i.png[/IMG]",
    "[B]{0}\n{1}",  # never closed
    "{0}[/I][/QUOTE] {1}",  # never opened
    "[B]{0} [I]{1}[/B] crossed[/I]",
    "[URL=javascript:alert(1)]{0}[/URL]",
    "<script>alert('{0}')</script> {1}",
    "[S]{0}[/S] [left]{1}[/left] [unknown=1]x[/unknown]",
    "[CHAT=15]{0}[/CHAT] [CALL=+74951234567]{1}[/CALL] [SEND=/help]?[/SEND]",
    "[SPOILER={0}]{1}[/SPOILER]",
]
_HTML = [
    "<p>{0}<br />\r\n<b>{1}</b></p>",
    '<ul><li>{0}</li><li><a href="https://example.com/?a=1&amp;b=2">{1}</a></li></ul>',
    '<div style="color:red" onclick="alert(1)">{0}&nbsp;{1}<script>alert(\'x\')</script></div>',
    "{0} &lt;{1}&gt;<br>",
]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes texts that mention ``people`` (id and name)."""

    chance: random.Random
    people: Sequence[tuple[int, str]]

    def title(self, number: int) -> str:
        """One line, sometimes with entities that were stored long ago."""
        return self.chance.choice(_TITLES).format(number)

    def words(self) -> str:
        """A few words."""
        return " ".join(self.chance.choice(_WORDS) for _ in range(self.chance.randint(1, 4)))

    def line(self) -> str:
        """A short message, as in a chat."""
        kind = self.chance.random()
        if kind < 0.6:
            return self.words()
        if kind < 0.7:
            return f"{self.words()} {self.chance.choice(_EMOJI)}"
        return self._markup() if kind < 0.9 else f"{self._mention()}, {self.words()}"

    def body(self, tags: Sequence[str] = ()) -> str:
        """A longer text. ``tags`` stand somewhere in it, as files do."""
        parts = [self.words(), *(self._markup() for _ in range(self.chance.randint(0, 3))), *tags]
        if self.people and self.chance.random() < 0.4:
            parts.append(f"{self._mention()} {self.chance.choice(_EMOJI)}")
        return self.chance.choice(["\r\n", "\n", "\r\n\r\n"]).join(parts)

    def html(self) -> str:
        """A text of the time before BBCode."""
        return "".join(self.chance.choice(_HTML).format(self.words(), self.words()) for _ in range(2))

    def _markup(self) -> str:
        return self.chance.choice(_MARKUP).format(self.words(), self.words())

    def _mention(self) -> str:
        if not self.people:
            return self.words()
        number, name = self.chance.choice(self.people)
        return f"[USER={number}{self.chance.choice(['', ' REPLACE'])}]{name}[/USER]"


def encoded(text: str) -> str:
    """Four-byte characters as some kernels store them and sometimes answer them."""
    return "".join(f":{one.encode().hex()}:" if ord(one) > 0xFFFF else one for one in text)
