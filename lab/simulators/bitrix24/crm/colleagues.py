"""What colleagues do in the CRM while the portal runs."""

import random
from typing import Any

from lab.simulators.bitrix24.crm.deals import funnel
from lab.simulators.bitrix24.crm.dictionaries import DEAL, DEAL_FUNNELS
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.family import Change

_NOTES = ("Перезвонить завтра ☎️", "[B]Updated[/B] by phone", "")


def work(chance: random.Random, records: Records, now: int) -> Change:
    """Add, change or delete one record at ``now`` (Unix seconds). What refers to a deleted one, keeps its id."""
    touch: dict[str, Any] = {"updatedTime": now, "comments": chance.choice(_NOTES)}
    what = chance.random()
    if not records.ids or what < 0.25:
        return Change(records.entity, str(records.add({**touch, "createdTime": now})), "added")
    number = chance.choice(records.ids)
    if what < 0.4:
        records.delete(number)
        return Change(records.entity, str(number), "deleted")
    touch["assignedById"] = 1
    touch["name" if records.entity == "contact" else "title"] = f"Changed {chance.randint(1, 9999)} ✏️"
    if records.type_id == DEAL:
        stages = next(one.stages for one in DEAL_FUNNELS if one.id == funnel(records.draw(number)))
        touch |= {"stageId": chance.choice(stages).code, "movedTime": now, "opportunity": chance.randint(0, 900) / 4}
    records.change(number, touch)
    return Change(records.entity, str(number), "changed")
