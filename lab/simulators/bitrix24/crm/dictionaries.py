"""Funnels, their stages, and the other dictionaries (API facts §5.2)."""

from dataclasses import dataclass
from typing import Any

from lab.simulators.bitrix24.lists import Row

DEAL, CONTACT, COMPANY = 2, 3, 4
SUCCESS, FAILURE = "S", "F"

_Words = tuple[tuple[str, str], ...]
_COLOURS = ("#39A8EF", "#2FC6F6", "#55D0E0", "#47E4C2", "#FFA900")
_FIRST_FUNNEL: _Words = (
    ("NEW", "Новая"),
    ("PREPARATION", "Подготовка документов"),
    ("PREPAYMENT_INVOICE", "Счёт на предоплату"),
    ("EXECUTING", "В работе"),
    ("FINAL_INVOICE", "Финальный счёт"),
    ("WON", "Сделка успешна"),
    ("LOSE", "Сделка провалена"),
    ("APOLOGY", "Анализ причины провала"),
)
_OTHER_FUNNEL: _Words = (
    ("NEW", "New"),
    ("PREPARATION", "Preparation"),
    ("UC_KN8KFI", "Согласование 🤝"),
    ("WON", "Won"),
    ("LOSE", "Lost &amp; found"),
)
_SMART_FUNNEL: _Words = (
    ("NEW", "Начало"),
    ("PREPARATION", "Подготовка"),
    ("CLIENT", "Согласование"),
    ("SUCCESS", "Успех"),
    ("FAIL", "Провал"),
)
_ENDS = {"WON": SUCCESS, "SUCCESS": SUCCESS, "LOSE": FAILURE, "APOLOGY": FAILURE, "FAIL": FAILURE}
_MEANINGS = {SUCCESS: "success", FAILURE: "failure", None: "process"}

WORDS: dict[str, tuple[str, _Words]] = {
    "SOURCE": (
        "Sources",
        (("CALL", "Звонок"), ("WEB", "Веб-сайт"), ("1", "Старый источник"), ("UC_7D9F2C", "Выставка")),
    ),
    "DEAL_TYPE": ("Deal type", (("SALE", "Продажа"), ("COMPLEX", "Комплексная"), ("SERVICE", "Сервис"))),
    "CONTACT_TYPE": ("Contact type", (("CLIENT", "Клиенты"), ("PARTNER", "Партнёры"), ("OTHER", "Другое"))),
    "COMPANY_TYPE": ("Company type", (("CUSTOMER", "Клиент"), ("SUPPLIER", "Поставщик"), ("OTHER", "Другое"))),
    "INDUSTRY": ("Industry", (("IT", "Информационные технологии"), ("FINANCE", "Finance"), ("OTHER", "Другое"))),
    "EMPLOYEES": ("Number of employees", (("EMPLOYEES_1", "менее 50"), ("EMPLOYEES_2", "50–250"))),
    "HONORIFIC": ("Salutations", (("HNR_RU_1", "г-н"), ("HNR_RU_2", "г-жа"), ("UC_N1LWUS", "Dr."))),
    "STATUS": ("Lead stages", (("NEW", "Не обработан"), ("IN_PROCESS", "В работе"), ("CONVERTED", "Качественный"))),
    "QUOTE_STATUS": ("Quote stages", (("DRAFT", "Черновик"), ("APPROVED", "Принято"))),
}


def codes(dictionary: str) -> tuple[str, ...]:
    """The codes of one of ``WORDS``."""
    return tuple(code for code, _ in WORDS[dictionary][1])


@dataclass(frozen=True, slots=True)
class Stage:
    """``code`` as records have it: ``NEW``, ``C1:NEW``, ``DT128_9:NEW``. ``semantics`` None: in progress."""

    code: str
    name: str
    semantics: str | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel of deals or of a smart process. Deals' first funnel is number 0 and has no row of its own."""

    id: int
    type_id: int
    name: str
    sort: int
    default: bool = False

    @property
    def dictionary(self) -> str:
        """The ``ENTITY_ID`` of its stages."""
        if self.type_id != DEAL:
            return f"DYNAMIC_{self.type_id}_STAGE_{self.id}"
        return f"DEAL_STAGE_{self.id}" if self.id else "DEAL_STAGE"

    @property
    def prefix(self) -> str:
        """What its stages' codes begin with, before the colon."""
        if self.type_id != DEAL:
            return f"DT{self.type_id}_{self.id}"
        return f"C{self.id}" if self.id else ""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """In order."""
        words = _SMART_FUNNEL if self.type_id != DEAL else _OTHER_FUNNEL if self.id else _FIRST_FUNNEL
        lead = f"{self.prefix}:" if self.prefix else ""
        return tuple(Stage(lead + code, name, _ENDS.get(code)) for code, name in words)

    def row(self) -> Row:
        """As ``crm.category.list`` answers it."""
        shown: Row = {
            "id": self.id,
            "name": self.name,
            "sort": self.sort,
            "entityTypeId": self.type_id,
            "isDefault": "Y" if self.default else "N",
        }
        return shown if self.type_id == DEAL and not self.id else {**shown, "originId": "", "originatorId": ""}


DEAL_FUNNELS = (
    Funnel(9, DEAL, "Тендеры 🏗", 200),
    Funnel(0, DEAL, "Общая", 300, default=True),
    Funnel(1, DEAL, "Repeat sales & support", 100),
)


def status_rows(funnels: tuple[Funnel, ...]) -> list[Row]:
    """Every row of every dictionary, as ``crm.status.list`` answers it."""
    rows: list[Row] = []
    for name, (_, words) in WORDS.items():
        for place, (code, title) in enumerate(words):
            rows.append(_row(len(rows), name, code, title, place))
    for funnel in funnels:
        for place, stage in enumerate(funnel.stages):
            colour = _COLOURS[place % len(_COLOURS)]
            category = str(funnel.id) if funnel.prefix else None
            row = _row(len(rows), funnel.dictionary, stage.code, stage.name, place)
            meaning = "apology" if stage.code == "APOLOGY" else _MEANINGS[stage.semantics]
            extra = {"SEMANTICS": meaning, "COLOR": colour}
            rows.append({**row, "CATEGORY_ID": category, "COLOR": colour, "SEMANTICS": stage.semantics, "EXTRA": extra})
    return rows


def _row(number: int, dictionary: str, code: str, name: str, place: int) -> Row:
    own = code.rpartition(":")[2].startswith("UC_") or code == "1"
    return {
        "ID": str(101 + 2 * number),
        "ENTITY_ID": dictionary,
        "STATUS_ID": code,
        "NAME": name,
        "NAME_INIT": "" if own else name,
        "SORT": str(10 * (place + 1)),
        "SYSTEM": "N" if own else "Y",
        "CATEGORY_ID": None,
        "COLOR": None,
        "SEMANTICS": None,
    }


def type_rows(funnels: tuple[Funnel, ...]) -> list[Row]:
    """As ``crm.status.entity.types`` answers them (page of that name)."""
    rows: list[Row] = [{"ID": name, "NAME": title} for name, (title, _) in WORDS.items()]
    for funnel in funnels:
        deal = funnel.type_id == DEAL
        row: dict[str, Any] = {"ID": funnel.dictionary, "NAME": funnel.name}
        row |= {"PARENT_ID": "DEAL_STAGE"} if deal and funnel.id else {}
        row["SEMANTIC_INFO"] = _semantic_info(funnel) if deal else []
        row |= {"PREFIX": funnel.prefix} if funnel.prefix else {}
        row["FIELD_ATTRIBUTE_SCOPE"] = f"category_{funnel.id}" if funnel.prefix else ""
        row["ENTITY_TYPE_ID"] = funnel.type_id
        row["CATEGORY_ID"] = str(funnel.id) if deal and funnel.id else funnel.id
        if not deal:
            row |= {"IS_ENABLED": True, "CATEGORY_NAME": funnel.name, "CATEGORY_SORT": funnel.sort}
            row["IS_DEFAULT_CATEGORY"] = funnel.default
        rows.append(row)
    return rows


def _semantic_info(funnel: Funnel) -> Row:
    ends = {stage.semantics: stage.code for stage in reversed(funnel.stages)}
    return {
        "START_FIELD": funnel.stages[0].code,
        "FINAL_SUCCESS_FIELD": ends[SUCCESS],
        "FINAL_UNSUCCESS_FIELD": ends[FAILURE],
        "FINAL_SORT": 0,
    }


CURRENCIES: list[Row] = [
    {
        "CURRENCY": code,
        "AMOUNT_CNT": "1",
        "AMOUNT": amount,
        "SORT": sort,
        "BASE": base,
        "FULL_NAME": name,
        "LID": "ru",
        "FORMAT_STRING": form,
        "DEC_POINT": ".",
        "THOUSANDS_SEP": None if code == "USD" else "&nbsp;",
        "DECIMALS": "2",
        "DATE_UPDATE": "2024-01-29T12:28:40+02:00",
    }
    for code, amount, sort, base, name, form in (
        ("RUB", "1.0000", "100", "Y", "Российский рубль", "# &#8381;"),
        ("USD", "68.7900", "200", "N", "Доллар США", "$#"),
        ("EUR", "78.3200", "300", "N", "Евро", "# €"),
    )
]
