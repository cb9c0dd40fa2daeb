"""The portal's people: departments, users and groups, from a seed."""

import random
from dataclasses import dataclass
from typing import Any

from lab.simulators.bitrix24.lists import Row, Table

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


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in the portal. ``ghost_owners`` groups belong to users that nobody can read."""

    users: int = 300
    departments: int = 20
    groups: int = 25
    ghost_owners: int = 0
    seed: int = 7


@dataclass(frozen=True, slots=True)
class People:
    """Tables as the list methods see them; ``members`` by group id."""

    departments: Table
    users: Table
    groups: Table
    members: dict[int, list[Row]]

    def truth(self, entity: str) -> list[Row]:
        """Every record of an entity, groups with their members."""
        if entity == "group":
            return [{**row, "members": self.members[int(row["ID"])]} for row in self.groups.rows]
        return {"department": self.departments, "user": self.users}[entity].rows


def populate(size: Size) -> People:
    """The same people for the same size and seed."""
    chance = random.Random(size.seed)  # test data
    user_ids = _ids(chance, size.users)
    departments = [_department(chance, number, size, user_ids) for number in range(1, size.departments + 1)]
    users = [_user(chance, place, number, size) for place, number in enumerate(user_ids)]
    groups, members = [], {}
    for place, number in enumerate(_ids(chance, size.groups)):
        ghost = place < size.ghost_owners
        groups.append(_group(chance, number, user_ids, ghost=ghost))
        members[number] = _members(chance, groups[-1], user_ids, ghost=ghost)
        groups[-1]["NUMBER_OF_MEMBERS"] = str(len(members[number]))
    return People(Table(departments), Table(users), Table(groups), members)


def _ids(chance: random.Random, count: int) -> list[int]:
    """Ascending with gaps: bots, robots and deleted ones took the others."""
    ids, last = [], 0
    for _ in range(count):
        last += 1 if chance.random() < 0.85 else chance.randint(2, 6)
        ids.append(last)
    return ids


def _moment(chance: random.Random, year: int) -> str:
    month = chance.randint(1, 12)
    offset = "+03:00" if month % 2 else "+02:00"
    day, hour, minute = chance.randint(1, 28), chance.randint(0, 23), chance.randint(0, 59)
    return f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:07{offset}"


def _department(chance: random.Random, number: int, size: Size, user_ids: list[int]) -> Row:
    row: Row = {"ID": str(number), "NAME": f"{chance.choice(_UNITS)} {number}", "SORT": chance.choice([100, 500, 500])}
    if number > 1:
        parent = max(1, number // 3)
        row["PARENT"] = str(number + 1 if number % 17 == 0 and number < size.departments else parent)
    if user_ids and chance.random() < 0.8:
        row["UF_HEAD"] = str(chance.choice(user_ids))
    return row


def _user(chance: random.Random, place: int, number: int, size: Size) -> Row:
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
        "LAST_LOGIN": "" if place % 7 == 0 else _moment(chance, 2026),
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
        "UF_DEPARTMENT": [] if extranet or not size.departments else _departments_of(chance, size.departments),
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


def _group(chance: random.Random, number: int, user_ids: list[int], *, ghost: bool) -> Row:
    row: Row = {
        "ID": str(number),
        "SITE_ID": "s1",
        "NAME": f"{chance.choice(_GROUPS)} #{number}",
        "DESCRIPTION": chance.choice([None, "План & цели\r\n<2026>", "Just a group", ""]),
        "DATE_CREATE": _moment(chance, 2021),
        "DATE_UPDATE": _moment(chance, 2025),
        "ACTIVE": "Y",
        "VISIBLE": chance.choice("YYN"),
        "OPENED": chance.choice("YN"),
        "CLOSED": chance.choice("NNNY"),
        "SUBJECT_ID": "1",
        "OWNER_ID": str(user_ids[-1] + 1000 if ghost else chance.choice(user_ids)),
        "KEYWORDS": None,
        "NUMBER_OF_MEMBERS": "0",
        "DATE_ACTIVITY": _moment(chance, 2026),
        "SUBJECT_NAME": "Рабочие группы",
        "PROJECT": chance.choice("YN"),
        "IS_EXTRANET": chance.choice("NNY"),
    }
    if number % 4 == 0:
        row["IMAGE"] = f"https://cdn.example.com/g/{number}.png"
    return row


def _members(chance: random.Random, group: Row, user_ids: list[int], *, ghost: bool) -> list[Row]:
    chosen = chance.sample(user_ids, min(len(user_ids), chance.randint(0, 12)))
    owner: list[Any] = [] if ghost else [{"USER_ID": group["OWNER_ID"], "ROLE": "A"}]
    others = [{"USER_ID": str(one), "ROLE": chance.choice("KKKE")} for one in chosen if str(one) != group["OWNER_ID"]]
    return [*owner, *others]
