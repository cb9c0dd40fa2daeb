"""Words that records are made of: two alphabets, emoji, quotes, entities, BBCode and old HTML."""

TITLES = (
    "Поставка оборудования",
    "Website redesign",
    "Сделка &quot;Заря&quot; &amp; Co",
    "Продление лицензий 🚀",
    "  Внедрение CRM ",
    "Support contract <2026>",
    "Ремонт офиса, 2-й этаж",
    "Crème brûlée supply",
    "Аренда склада №7",
    "👩‍💻 Обучение команды",
)
FIRMS = (
    "ООО «Ромашка»",
    "Smith & Sons",
    "АО &quot;Вектор&quot;",
    "Müller GmbH",
    "ИП Ёлкин 🎄",
    "O'Neil Ltd.",
    "Торговый дом Щукин",
    "株式会社サンプル",
    "Café Noir",
    "  Альфа-Сервис",
)
NAMES = ("Иван", "Мария", "Zoë", "John", "Анна-Лиза", "Пётр", "Ольга 🌷", "Li", "Олександр", "")
SECOND_NAMES = ("Петрович", "Ивановна", "", "", "J.", "Сергеевич")
LAST_NAMES = ("Иванов", "Петрова", "O'Neil", "Щукин", "de la Cruz", "Smith & Sons", "Ли", "Müller", '"Ковальски"', "")
POSTS = ("Директор", "Head of sales", "", "Бухгалтер 💰", "QA\nengineer", None)
COMMENTS = (
    None,
    "",
    "\n[B]Важно[/B]: звонить [I]после 15:00[/I]\r\n[URL=https://example.com/?a=1&b=2]ссылка[/URL]",
    '<b>Old</b> comment<br />from &laquo;2014&raquo; &amp; <a href="https://example.com">a link</a>',
    "[USER=1]Иван Иванов[/USER] согласовал 👍",
    "Plain text & <not a tag>",
    "[LIST][*]Первое[*]Второе[/LIST]\n[QUOTE]цитата[/QUOTE]",
)
SOURCE_NOTES = (None, "", "Выставка 2024 🎪", "recommended by a friend")
UTM_SOURCES = (None, None, None, "google", "yandex")
PHONES = ("+7 (495) {0:03d}-{1:02d}-{2:02d}", "8 800 {0:03d} {1:02d} {2:02d}", "+1999{0:03d}{1:02d}{2:02d}")
STREETS = (None, None, None, "ул. Ленина, 5", "Hauptstraße 12")
