"""What colleagues do in the CRM while the portal runs."""

import random
from collections.abc import Sequence
from typing import Any

from lab.simulators.bitrix24.crm.deals import funnel
from lab.simulators.bitrix24.crm.dictionaries import COMPANY, CONTACT, DEAL, DEAL_FUNNELS
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.family import Change

_NOTES = ("Перезвонить завтра ☎️", "[B]Updated[/B] by phone", "")


def work(chance: random.Random, records: Records, now: int, companies: Sequence[int], users: Sequence[int]) -> Change:
    """Add, change or delete one record at ``now`` (Unix seconds). What refers to a deleted one, keeps its id.

    A deal or an item may move to another one of the ``companies``, all of them to another one of the ``users``.
    """
    touch: dict[str, Any] = {"updatedTime": now, "comments": chance.choice(_NOTES)}
    what = chance.random()
    if not records.ids or what < 0.25:
        return Change(records.entity, named(records, records.add({**touch, "createdTime": now})), "added")
    number = chance.choice(records.ids)
    if what < 0.4:
        records.delete(number)
        return Change(records.entity, named(records, number), "deleted")
    touch["assignedById"] = chance.choice(users)
    if companies and records.type_id not in (CONTACT, COMPANY):
        touch["companyId"] = chance.choice(companies)
    touch["name" if records.entity == "contact" else "title"] = f"Changed {chance.randint(1, 9999)} ✏️"
    if records.type_id == DEAL:
        stages = next(one.stages for one in DEAL_FUNNELS if one.id == funnel(records.draw(number)))
        touch |= {"stageId": chance.choice(stages).code, "movedTime": now, "opportunity": chance.randint(0, 900) / 4}
    records.change(number, touch)
    return Change(records.entity, named(records, number), "changed")


def named(records: Records, number: int) -> str:
    """The id that the import contract knows a record by."""
    return f"{records.type_id}:{number}" if records.type_id not in (DEAL, CONTACT, COMPANY) else str(number)
