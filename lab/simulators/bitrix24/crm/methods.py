"""Every method of the CRM, and those of people's custom fields. Write methods are counted, and change nothing."""

from lab.simulators.bitrix24.calls import Method, written
from lab.simulators.bitrix24.crm import classic, reference, universal, userfields
from lab.simulators.bitrix24.crm.dictionaries import COMPANY, CONTACT, DEAL

_CLASSIC = {"deal": DEAL, "contact": CONTACT, "company": COMPANY}
_WRITTEN = (
    *(f"crm.{one}.{verb}" for one in _CLASSIC for verb in ("add", "update", "delete")),
    *(f"crm.{one}.userfield.{verb}" for one in _CLASSIC for verb in ("add", "update", "delete")),
    *(f"crm.item.{verb}" for verb in ("add", "update", "delete", "import", "batchimport")),
    *(
        f"crm.{one}.{verb}"
        for one in ("category", "currency", "status", "type")
        for verb in ("add", "update", "delete")
    ),
    *(f"crm.deal.contact.{verb}" for verb in ("add", "delete", "items.set", "items.delete")),
)

METHODS: dict[str, Method] = {
    **{f"crm.{name}.list": Method("crm", classic.listing(type_id)) for name, type_id in _CLASSIC.items()},
    **{f"crm.{name}.get": Method("crm", classic.getting(type_id)) for name, type_id in _CLASSIC.items()},
    **{f"crm.{name}.fields": Method("crm", classic.describing(type_id)) for name, type_id in _CLASSIC.items()},
    **{
        f"crm.{name}.userfield.list": Method("crm", userfields.classic_list(type_id))
        for name, type_id in _CLASSIC.items()
    },
    "crm.category.list": Method("crm", reference.categories),
    "crm.currency.list": Method("crm", reference.currencies),
    "crm.deal.contact.items.get": Method("crm", classic.deal_contacts),
    "crm.item.fields": Method("crm", universal.item_fields),
    "crm.item.get": Method("crm", universal.item_get),
    "crm.item.list": Method("crm", universal.item_list),
    "crm.status.entity.types": Method("crm", reference.status_types),
    "crm.status.list": Method("crm", reference.statuses),
    "crm.type.get": Method("crm", reference.type_by_id),
    "crm.type.getbyentitytypeid": Method("crm", reference.type_by_entity),
    "crm.type.list": Method("crm", reference.types),
    "user.userfield.list": Method("user.userfield", userfields.people_list),
    "userfieldconfig.get": Method("userfieldconfig", userfields.config_get),
    "userfieldconfig.list": Method("userfieldconfig", userfields.config_list),
    **{name: Method("crm", written, reads=False) for name in _WRITTEN},
    **{
        f"user.userfield.{verb}": Method("user.userfield", written, reads=False) for verb in ("add", "update", "delete")
    },
    **{
        f"userfieldconfig.{verb}": Method("userfieldconfig", written, reads=False)
        for verb in ("add", "update", "delete")
    },
}
