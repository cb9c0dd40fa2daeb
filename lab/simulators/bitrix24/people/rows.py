"""Single departments, users and groups as the portal would answer them, by chance."""

import random
from typing import Any

from lab.simulators.bitrix24.lists import Row

_NAMES = ["Иван", "Мария", "Алексей", "Ольга", "John", "Zoë", "Пётр", "Анна-Лиза", "Ёлка 🎄", "O'Neil"]
_LAST = [
    "Иванов",
    "Петрова",
    "Смирнов",
    "Кузнецова",
    "Müller",
    "Smith & Sons",
    "Ли",
    "Щукин",
    '"Ковальски"',
    "de la Cruz",
]
_SECOND = ["Петрович", "Ивановна", "", "", "Сергеевич"]
_POSITIONS = ["Менеджер  по продажам", "Head of sales", "Инженер", "", "Бухгалтер 💰", "QA\nengineer"]
_PHONES = [
    "+7 (495) {0:03d}-{1:02d}-{2:02d}",
    "8 800 {0:03d} {1:02d} {2:02d}",
    "{0:03d}-{1:02d}-{2:02d} доб. 5",
    "",
    "",
]
_UNITS = ["Отдел продаж", "Бухгалтерия", "IT & Support", "Marketing", "Склад №1", "Логистика", "HR 🤝", "R&D"]
_GROUPS = ["Проект «Заря»", "Sales 2026", "Внедрение CRM", "Fun 🎉", "Архив", "Партнёры", "Scrum team"]


def moment(chance: random.Random, year: int) -> str:
    """An ISO time of a year, with the offset of its season."""
    month = chance.randint(1, 12)
    offset = "+03:00" if month % 2 else "+02:00"
    day, hour, minute = chance.randint(1, 28), chance.randint(0, 23), chance.randint(0, 59)
    return f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:07{offset}"


def department(chance: random.Random, number: int, departments: int, user_ids: list[int]) -> Row:
    """A department; some have a parent of a higher id."""
    row: Row = {"ID": str(number), "NAME": f"{chance.choice(_UNITS)} {number}", "SORT": chance.choice([100, 500, 500])}
    if number > 1:
        parent = max(1, number // 3)
        row["PARENT"] = str(number + 1 if number % 17 == 0 and number < departments else parent)
    if user_ids and chance.random() < 0.8:
        row["UF_HEAD"] = str(chance.choice(user_ids))
    return row


def user(chance: random.Random, place: int, number: int, departments: int) -> Row:
    """The ``place``-th user: every 23rd is a guest, every 41st has no address."""
    extranet = place % 23 == 5
    email = "" if place % 41 == 7 else f"{'User' if place % 3 else 'user'}{number}@Example.com"
    row: Row = {
        "ID": str(number),
        "XML_ID": "" if place % 2 else f"ad-{number}",
        "ACTIVE": place % 11 != 4,
        "NAME": chance.choice(_NAMES),
        "LAST_NAME": chance.choice(_LAST),
        "SECOND_NAME": chance.choice(_SECOND),
        "TITLE": "",
        "EMAIL": email,
        "LAST_LOGIN": "" if place % 7 == 0 else moment(chance, 2026),
        "DATE_REGISTER": f"20{chance.randint(12, 25)}-0{chance.randint(1, 9)}-15T00:00:00+03:00",
        "TIME_ZONE": "",
        "IS_ONLINE": chance.choice("YN"),
        "TIMESTAMP_X": {},
        "LAST_ACTIVITY_DATE": {},
        "PERSONAL_GENDER": chance.choice(["M", "F", ""]),
        "PERSONAL_BIRTHDAY": ""
        if place % 5 == 0
        else f"19{chance.randint(55, 99)}-0{chance.randint(1, 9)}-01T03:00:00+03:00",
        "PERSONAL_MOBILE": _phone(chance),
        "WORK_PHONE": _phone(chance),
        "WORK_POSITION": chance.choice(_POSITIONS),
        "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": [] if extranet or not departments else _departments_of(chance, departments),
        "USER_TYPE": "extranet" if extranet else "employee",
    }
    if place % 4 == 0:
        row["PERSONAL_PHOTO"] = f"https://cdn.example.com/b/{number}/photo.png"
    if extranet and place % 2:
        row["UF_DEPARTMENT"] = False
    return row


def _departments_of(chance: random.Random, count: int) -> list[int]:
    return sorted({chance.randint(1, count) for _ in range(chance.choice([1, 1, 1, 2]))})


def _phone(chance: random.Random) -> str:
    return chance.choice(_PHONES).format(chance.randint(100, 999), chance.randint(0, 99), chance.randint(0, 99))


def group(chance: random.Random, number: int, user_ids: list[int], *, ghost: bool) -> Row:
    """A group; a ghost's owner is a user that does not exist."""
    row: Row = {
        "ID": str(number),
        "SITE_ID": "s1",
        "NAME": f"{chance.choice(_GROUPS)} #{number}",
        "DESCRIPTION": chance.choice([None, "План & цели\r\n<2026>", "Just a group", ""]),
        "DATE_CREATE": moment(chance, 2021),
        "DATE_UPDATE": moment(chance, 2025),
        "ACTIVE": "Y",
        "VISIBLE": chance.choice("YYN"),
        "OPENED": chance.choice("YN"),
        "CLOSED": chance.choice("NNNY"),
        "SUBJECT_ID": "1",
        "OWNER_ID": str(user_ids[-1] + 1000 if ghost else chance.choice(user_ids)),
        "KEYWORDS": None,
        "NUMBER_OF_MEMBERS": "0",
        "DATE_ACTIVITY": moment(chance, 2026),
        "SUBJECT_NAME": "Рабочие группы",
        "PROJECT": chance.choice("YN"),
        "IS_EXTRANET": chance.choice("NNY"),
    }
    if number % 4 == 0:
        row["IMAGE"] = f"https://cdn.example.com/g/{number}.png"
    return row


def members(chance: random.Random, of: Row, user_ids: list[int], *, ghost: bool) -> list[Row]:
    """Members of a group and their roles; a ghost's group has no owner among them."""
    chosen = chance.sample(user_ids, min(len(user_ids), chance.randint(0, 12)))
    owner: list[Any] = [] if ghost else [{"USER_ID": of["OWNER_ID"], "ROLE": "A"}]
    others = [{"USER_ID": str(one), "ROLE": chance.choice("KKKE")} for one in chosen if str(one) != of["OWNER_ID"]]
    return [*owner, *others]
