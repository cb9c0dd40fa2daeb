"""Values of custom fields (API facts §4.7, §4.8, §5.4)."""

from lab.simulators.bitrix24.crm.custom import CustomField
from lab.simulators.bitrix24.crm.dates import FIRST, SPAN, day_of
from lab.simulators.bitrix24.crm.dictionaries import codes
from lab.simulators.bitrix24.crm.draws import Draw
from lab.simulators.bitrix24.crm.fields import Field, Make
from lab.simulators.bitrix24.crm.standard import References, one_of

_EMPTY_IN = 3
_TEXTS = ("321", "№ 17/Б от 01.02.2024", "Привет, мир! 👋", "a & b <c>", 'say "hi"')
_ADDRESSES = ("Калининград, пл. Победы, 1|54.71;20.51|12", "Hauptstraße 12, Köln|50.93;6.95|13")


def custom_field(defined: CustomField, place: int, references: References) -> Field:
    """The field for one definition. ``place`` tells the files of a record apart."""
    make = _maker(defined, place, references)
    missing = f"no {defined.name}"

    def one_or_none(draw: Draw) -> object:
        if defined.kind != "boolean" and draw.one_in(missing, _EMPTY_IN):
            return [] if defined.multiple else None
        return make(draw)

    return Field(
        defined.name,
        defined.kind,
        one_or_none,
        defined.name,
        multiple=defined.multiple,
        required=defined.mandatory,
        custom=defined,
    )


def _maker(defined: CustomField, place: int, references: References) -> Make:
    name = defined.name
    options = tuple(one.id for one in defined.options)
    makers: dict[str, Make] = {
        "string": lambda draw: draw.pick(name, _TEXTS),
        "boolean": lambda draw: draw.one_in(name, 2),
        "double": lambda draw: draw.number(name, 100_000) / 100,
        "integer": lambda draw: draw.number(name, 30),
        "money": lambda draw: f"{draw.number(name, 50_000)}|RUB",
        "date": lambda draw: day_of(FIRST) + draw.number(name, 2500),
        "datetime": lambda draw: FIRST + draw.number(name, SPAN),
        "employee": lambda draw: references.user(draw, name),
        "address": lambda draw: draw.pick(name, _ADDRESSES),
        "crm_status": lambda draw: draw.pick(name, codes("INDUSTRY")),
        "crm": lambda draw: _bindings(draw, references),
        "url": lambda draw: [f"https://example.com/{draw.id}?a=1&b=%D1%8F"],
        "file": lambda draw: _files(draw, place, many=2 if defined.multiple else 1),
        "enumeration": lambda draw: draw.pick(name, options),
    }
    if defined.kind == "enumeration" and defined.multiple:
        return lambda draw: [one for at, one in enumerate(options) if draw.one_in(f"{name} {at}", 2)]
    if defined.kind == "file" and not defined.multiple:
        return lambda draw: _files(draw, place, many=1)[0]
    return makers[defined.kind]


def _files(draw: Draw, place: int, *, many: int) -> list[int]:
    return [draw.id * 1000 + place * 10 + number for number in range(many)]


def _bindings(draw: Draw, references: References) -> list[str]:
    bound = (
        ("D", one_of(draw, references.deals, "bound deal", 2)),
        ("C", one_of(draw, references.contacts, "bound contact", 2)),
        ("CO", one_of(draw, references.companies, "bound company", 2)),
    )
    items = ((f"T{one.type_id:x}", one_of(draw, one, "bound item", 2)) for one in references.items[:1])
    return [f"{code}_{number}" for code, number in (*bound, *items) if number]
