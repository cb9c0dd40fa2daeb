"""What contacts and companies are made of (API facts §4.7, §4.8)."""

from lab.simulators.bitrix24.crm import words
from lab.simulators.bitrix24.crm.dates import day_of
from lab.simulators.bitrix24.crm.dictionaries import codes
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field, both, classic, legacy
from lab.simulators.bitrix24.crm.multifields import multifield_fields
from lab.simulators.bitrix24.crm.records import Records
from lab.simulators.bitrix24.crm.standard import References, one_of, origin_fields, standard_fields

_OLDEST = -20 * 365 * 86_400
_ADDRESS = ("2", "CITY", "POSTAL_CODE", "REGION", "PROVINCE", "COUNTRY", "COUNTRY_CODE")


def contact_fields(records: Records, references: References) -> tuple[Field, ...]:
    """All but the custom ones."""

    def company(draw: Draw) -> int | None:
        return one_of(draw, references.companies, "company", 4)

    def companies(draw: Draw) -> list[int]:
        return [one] if (one := company(draw)) else []

    return (
        *standard_fields(records, references),
        both("honorific", "crm_status", _honorific, statuses="HONORIFIC"),
        both("name", "string", lambda draw: draw.pick("name", words.NAMES), required=True),
        both("secondName", "string", lambda draw: draw.pick("second", words.SECOND_NAMES), required=True),
        both("lastName", "string", _last_name, required=True),
        both("photo", "file", lambda draw: _file(draw, 3) if draw.one_in("photo", 12) else None),
        both("birthdate", "date", _birthday),
        both("typeId", "crm_status", lambda draw: draw.pick("type", codes("CONTACT_TYPE")), statuses="CONTACT_TYPE"),
        both("sourceId", "crm_status", lambda draw: draw.pick("source", codes("SOURCE")), statuses="SOURCE"),
        both("sourceDescription", "text", lambda draw: draw.pick("note", words.SOURCE_NOTES)),
        both("post", "string", lambda draw: draw.pick("post", words.POSTS)),
        both("comments", "text", lambda draw: draw.pick("comments", words.COMMENTS)),
        both("export", "boolean", lambda draw: bool(draw.number("export", 4))),
        both("companyId", "crm_company", company),
        both("companyIds", "crm_company", companies, multiple=True, unanswered=True),
        both("leadId", "crm_lead", _nothing, read_only=True),
        both("originVersion", "string", _nothing),
        classic("FACE_ID", "integer", _nothing, described=False),
        *_address("ADDRESS"),
        *legacy("address", "login", "shortName"),
        *multifield_fields(records),
        *origin_fields(),
    )


def company_fields(records: Records, references: References) -> tuple[Field, ...]:
    """All but the custom ones."""

    def ours(draw: Draw) -> bool:
        return bool(records.born) and (draw.id == records.born[0] or draw.one_in("ours", 80))

    def colleagues(draw: Draw) -> list[int]:
        return [one] if (one := one_of(draw, references.contacts, "colleague", 2)) else []

    return (
        *standard_fields(records, references),
        both("title", "string", lambda draw: f"{draw.pick('title', words.FIRMS)} {draw.id}", required=True),
        both("typeId", "crm_status", _company_type, "COMPANY_TYPE", statuses="COMPANY_TYPE"),
        both("logo", "file", lambda draw: _file(draw, 4) if draw.one_in("logo", 10) else None),
        both("industry", "crm_status", lambda draw: draw.pick("industry", codes("INDUSTRY")), statuses="INDUSTRY"),
        both("employees", "crm_status", lambda draw: draw.pick("staff", codes("EMPLOYEES")), statuses="EMPLOYEES"),
        both("revenue", "double", _revenue),
        both("currencyId", "crm_currency", lambda draw: draw.pick("currency", ("RUB", "USD", "EUR"))),
        both("bankingDetails", "text", lambda draw: f"77{draw.id:08d}" if draw.id % 3 else ""),
        both("comments", "text", lambda draw: draw.pick("comments", words.COMMENTS)),
        both("isMyCompany", "boolean", ours, immutable=True),
        both("leadId", "crm_lead", _nothing, read_only=True),
        both("originVersion", "string", _nothing),
        both("lastCommunicationTime", "string", _nothing, read_only=True),
        both("contactIds", "crm_contact", colleagues, "CONTACT_ID", multiple=True, unanswered=True),
        *_address("ADDRESS"),
        classic("ADDRESS_LEGAL", "string", _nothing),
        *_address("REG_ADDRESS"),
        *legacy("address", "addressLegal"),
        *multifield_fields(records),
        *origin_fields(),
    )


def _address(prefix: str) -> tuple[Field, ...]:
    def street(draw: Draw) -> str | None:
        return draw.pick(prefix, words.STREETS)

    return (
        classic(prefix, "string", street),
        *(classic(f"{prefix}_{part}", "string", _nothing) for part in _ADDRESS),
        classic(f"{prefix}_LOC_ADDR_ID", "integer", _nothing),
    )


def _file(draw: Draw, slot: int) -> int:
    return draw.id * 10 + slot


def _last_name(draw: Draw) -> str:
    name = draw.pick("last", words.LAST_NAMES)
    return name or f"Контакт #{draw.id}"


def _honorific(draw: Draw) -> str | None:
    return None if draw.number("honorific", 3) else draw.pick("salutation", codes("HONORIFIC"))


def _birthday(draw: Draw) -> int | None:
    return None if draw.one_in("no birthday", 2) else day_of(_OLDEST) + draw.number("birthday", 18_000)


def _company_type(draw: Draw) -> str:
    return draw.pick("type", codes("COMPANY_TYPE"))


def _revenue(draw: Draw) -> float:
    return 0.0 if draw.number("revenue", 3) else float(draw.number("turnover", 90_000_000))


def _nothing(_draw: Draw) -> None:
    return None
