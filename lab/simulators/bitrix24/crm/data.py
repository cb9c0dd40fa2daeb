"""The portal's CRM: records by type, and what describes them, from a seed."""

import random
import time
from collections.abc import Callable, Sequence

from lab.simulators.bitrix24.crm import colleagues
from lab.simulators.bitrix24.crm.clients import company_fields, contact_fields
from lab.simulators.bitrix24.crm.custom import CustomField, define
from lab.simulators.bitrix24.crm.custom_values import custom_field
from lab.simulators.bitrix24.crm.deals import deal_fields
from lab.simulators.bitrix24.crm.definitions import config_row
from lab.simulators.bitrix24.crm.dictionaries import COMPANY, CONTACT, DEAL, DEAL_FUNNELS, status_rows
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.crm.smart_items import smart_fields
from lab.simulators.bitrix24.crm.smart_types import SmartType
from lab.simulators.bitrix24.crm.standard import References
from lab.simulators.bitrix24.crm.views import whole
from lab.simulators.bitrix24.family import Change
from lab.simulators.bitrix24.lists import Row
from lab.simulators.bitrix24.people.data import Size

_CUSTOM_ENTITIES = {DEAL: "CRM_DEAL", CONTACT: "CRM_CONTACT", COMPANY: "CRM_COMPANY"}


class Crm:
    """``records`` by ``entityTypeId``. ``clock`` is Unix time: when changed records say they were changed."""

    def __init__(self, size: Size, users: Sequence[int], clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._users = users
        self.types = tuple(SmartType(place) for place in range(size.smart_types))
        deals = Records("deal", DEAL, size.seed, size.deals, templates=True)
        contacts = Records("contact", CONTACT, size.seed, size.contacts)
        companies = Records("company", COMPANY, size.seed, size.companies)
        items = [
            Records("smart_process_item", one.entity_type_id, size.seed, _share(size, one.place)) for one in self.types
        ]
        references = References(tuple(users), companies, contacts, deals, items)
        self.records = {one.type_id: one for one in (deals, contacts, companies, *items)}
        self.funnels = (*DEAL_FUNNELS, *(funnel for one in self.types for funnel in one.funnels))
        self.statuses = status_rows(self.funnels)
        self.custom = define(
            (entity, f"UF_CRM_{kind.id}_" if kind else "UF_CRM_") for entity, kind in self._custom_entities()
        )
        deals.fields = deal_fields(deals, references, [(one, self.records[one]) for one in self._deal_parents()])
        contacts.fields = contact_fields(contacts, references)
        companies.fields = company_fields(companies, references)
        for kind, one in zip(self.types, items, strict=True):
            one.fields = smart_fields(kind, one, references, [(up, self.records[up]) for up in self.parents(kind)])
        for one in self.records.values():
            defined = self.custom_of(one.type_id)
            one.fields += tuple(custom_field(each, place, references) for place, each in enumerate(defined))

    def parents(self, kind: SmartType) -> tuple[int, ...]:
        """The ``entityTypeId`` of what the items of a type may belong to: deals, and items of the first type."""
        return (DEAL, self.types[0].entity_type_id) if kind.place else (DEAL,)

    def custom_entity(self, type_id: int) -> str:
        """``CRM_DEAL``, …, or ``CRM_3`` for the smart process whose type has the id 3."""
        return next(
            (f"CRM_{one.id}" for one in self.types if one.entity_type_id == type_id), _CUSTOM_ENTITIES.get(type_id, "")
        )

    def custom_of(self, type_id: int) -> list[CustomField]:
        """The custom fields of a type's records."""
        entity = self.custom_entity(type_id)
        return [one for one in self.custom if one.entity == entity]

    def truth(self, entity: str) -> list[Row]:
        """Every record of an entity as the universal family shows it whole; dictionaries as their methods list them.

        Signed URLs and ``lastActivityTime`` aside, it is the same until something is changed.
        """
        if entity == "crm_status":
            return self.statuses
        if entity == "crm_category":
            return [funnel.row() for funnel in self.funnels]
        if entity == "smart_process_type":
            return [one.row() for one in self.types]
        if entity == "custom_field":
            return [config_row(one, options=True) for one in self.custom]
        if entity not in ("deal", "contact", "company", "smart_process_item"):
            raise KeyError(entity)
        return [row for one in self.records.values() if one.entity == entity for row in whole(one)]

    def mutate(self, chance: random.Random) -> list[Change]:
        """A colleague adds, changes or deletes a record of a type of which the portal began with some."""
        used = [one for one in self.records.values() if one.born]
        companies = self.records[COMPANY].ids
        return [colleagues.work(chance, chance.choice(used), int(self.clock()), companies, self._users)] if used else []

    def _deal_parents(self) -> tuple[int, ...]:
        return tuple(one.entity_type_id for one in self.types[:1])

    def _custom_entities(self) -> list[tuple[str, SmartType | None]]:
        portal: list[tuple[str, SmartType | None]] = [(entity, None) for entity in _CUSTOM_ENTITIES.values()]
        return [*portal, *((f"CRM_{one.id}", one) for one in self.types)]


def _share(size: Size, place: int) -> int:
    each, over = divmod(size.smart_items, size.smart_types)
    return each + (place < over)
