"""Types of smart processes (API facts §5.3)."""

from dataclasses import dataclass

from lab.simulators.bitrix24.crm.dates import DAY, FIRST, moment
from lab.simulators.bitrix24.crm.dictionaries import COMPANY, CONTACT, DEAL, Funnel
from lab.simulators.bitrix24.lists import Row

_TITLES = ("Закупки 📦", "Service desk", "Заявки на отпуск", "Contracts & NDA", "Аренда")
_FLAGS = (
    "Categories",
    "Stages",
    "BeginCloseDates",
    "Client",
    "UseInUserfield",
    "LinkWithProducts",
    "Mycompany",
    "Documents",
    "Source",
    "Observers",
    "Recyclebin",
    "Automation",
    "BizProc",
)
_LOW_ENTITIES = 20
_FEW = 3


@dataclass(frozen=True, slots=True)
class SmartType:
    """``id`` names its custom fields (``CRM_3``), ``entity_type_id`` its items, funnels and links: they differ."""

    place: int

    @property
    def id(self) -> int:
        """The type's own number."""
        return 3 + 4 * self.place

    @property
    def entity_type_id(self) -> int:
        """From 128 on, and beyond 1030."""
        low = self.place % 2 == 0 and self.place < _LOW_ENTITIES
        return 128 + 7 * (self.place // 2) if low else 1030 + 2 * self.place

    @property
    def title(self) -> str:
        """Its name."""
        return f"{_TITLES[self.place % len(_TITLES)]}{f' {self.place}' if self.place >= len(_TITLES) else ''}"

    def has(self, feature: str) -> bool:
        """Whether a feature (``Stages``, ``Client``, …) is on. The first type has all of them."""
        return (self.place + _FLAGS.index(feature)) % _FEW != _FEW - 1 or self.place == 0

    @property
    def funnels(self) -> tuple[Funnel, ...]:
        """One that nobody sees, when funnels are off."""
        first = 9 + 2 * self.place
        names = ["Общее", "Вторая воронка 🌀"] if self.has("Categories") else ["Общее"]
        return tuple(
            Funnel(first + at, self.entity_type_id, name, 500 - 100 * at, default=at == 0)
            for at, name in enumerate(names)
        )

    def row(self) -> Row:
        """As ``crm.type.list`` answers it."""
        changed = moment(FIRST + self.place * DAY)
        shown: Row = {
            "id": self.id,
            "title": self.title,
            "code": "" if self.place else "BX_PURCHASE",
            "createdBy": 1,
            "entityTypeId": self.entity_type_id,
            "customSectionId": None,
        }
        shown |= {f"is{flag}Enabled": "Y" if self.has(flag) else "N" for flag in _FLAGS}
        shown |= {"isSetOpenPermissions": "Y", "isPaymentsEnabled": "N", "isCountersEnabled": "N"}
        return {**shown, "createdTime": changed, "updatedTime": changed, "updatedBy": 1}

    def whole_row(self, parents: tuple[int, ...]) -> Row:
        """As ``crm.type.get`` answers it. ``parents``: the ``entityTypeId`` of what its items may belong to."""
        predefined = (CONTACT, COMPANY) if self.has("Client") else ()
        related = [_relation(one, predefined=True) for one in predefined] + [_relation(one) for one in parents]
        child = [_relation(DEAL)] if not self.place else []
        return {
            **self.row(),
            "relations": {"parent": related, "child": child},
            "linkedUserFields": {"CALENDAR_EVENT|UF_CRM_CAL_EVENT": "Y", "TASKS_TASK|UF_CRM_TASK": "Y"},
            "customSections": [],
        }


def _relation(type_id: int, *, predefined: bool = False) -> Row:
    return {"entityTypeId": type_id, "isChildrenListEnabled": "Y", "isPredefined": "Y" if predefined else "N"}
