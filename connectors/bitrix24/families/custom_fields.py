"""Definitions of custom fields, with the values of enumerations (API facts §5.4).

Every kind of record has a list of its own; many are asked for in one batch. What a webhook may not ask of records that
it reads is listed as lost, and costs no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.bitrix24.batch import BatchAnswer, batch_results
from connectors.bitrix24.families.crm import SMART_TYPE
from connectors.bitrix24.listing import Details, Listing
from connectors.bitrix24.raw import archived, note, noted, told
from connectors.bitrix24.readers.details import fetch_details, unread_details, why_unread, with_details
from connectors.bitrix24.readers.following import all_rows
from connectors.bitrix24.readers.pacing import Pacing
from connectors.bitrix24.readers.reader import Need, Readers
from connectors.bitrix24.transport import MOST_COMMANDS, Command
from connectors.bitrix24.webhooks import Webhook, Webhooks
from shared.model.errors import EntityStopped, PortageError, RetryLater, SlowDown
from shared.model.json import Json, JsonObject, as_list, as_map
from shared.model.records import Cut, Lost, SourcePage, SourceRecord
from shared.ports.systems import Extracted

_KINDS_AT_ONCE = 20
"""Kinds of a range; fewer than fit into a batch, which the portal gives 60 s."""

_MOST_ROUNDS = 3
"""How often a list is read again; one that never comes to rest is then taken as it is."""

_LANGUAGE = "ru"
"""Labels come in one language, and only when it is named."""

_SCOPES = ("crm",)
_CONFIG_SCOPES = ("userfieldconfig",)
_TASK_SCOPES = ("task", "tasks")
_USER_SCOPES = ("user.userfield",)


def _named(entity: Json, field: Json) -> str:
    """The source id of a definition. Raises RetryLater for one that does not tell its field."""
    if not field:
        raise RetryLater("source.unexpected_answer", f"a custom field of {entity} without a name")
    return f"{entity}:{field}"


def _classic(kind: str, method: str, scopes: tuple[str, ...], parameters: JsonObject) -> tuple[str, Listing]:
    """One answer; enumerations with their values."""
    return kind, Listing(
        method=method,
        scopes=scopes,
        ascending={},
        descending={},
        fixed=parameters,
        name=lambda row: _named(row.get("ENTITY_ID") or kind, row.get("FIELD_NAME")),
    )


def _of_smart_type(entity: str) -> Listing:
    """Pages of 50; enumerations without their values."""
    return Listing(
        method="userfieldconfig.list",
        scopes=_CONFIG_SCOPES,
        ascending={"order": {"id": "ASC"}},
        descending={"order": {"id": "DESC"}},
        id="id",
        wrapper="fields",
        fixed={
            "moduleId": "crm",
            "filter": {"entityId": entity},
            "select": {"0": "*", "language": _LANGUAGE},
        },
        name=lambda row: _named(row.get("entityId") or entity, row.get("fieldName")),
    )


_LABELLED: JsonObject = {"filter": {"LANG": _LANGUAGE}}

CLASSIC: Mapping[str, Listing] = dict(
    (
        _classic("CRM_DEAL", "crm.deal.userfield.list", _SCOPES, _LABELLED),
        _classic("CRM_CONTACT", "crm.contact.userfield.list", _SCOPES, _LABELLED),
        _classic("CRM_COMPANY", "crm.company.userfield.list", _SCOPES, _LABELLED),
        _classic("USER", "user.userfield.list", _USER_SCOPES, _LABELLED),
        # Arguments go by place, and a batch cannot tell an empty one: the filter behind the order is left out
        _classic("TASKS_TASK", "task.item.userfield.getlist", _TASK_SCOPES, {"ORDER": {"ID": "ASC"}}),
    )
)


def _values(answer: Json) -> Json:
    return as_list(as_map(as_map(answer).get("field")).get("enum"))


_ENUMERATION = Details("enum", "userfieldconfig.get", lambda number: {"moduleId": "crm", "id": int(number)}, _values)


def _listing(kind: str) -> Listing:
    return CLASSIC.get(kind) or _of_smart_type(kind)


def _command(kind: str, place: JsonObject) -> Command:
    """The page of a kind's list that begins at its place."""
    listing = _listing(kind)
    start: JsonObject = {"start": place["start"]} if place.get("start") else {}
    return listing.method, {**listing.fixed, **listing.ascending, **start}


def _defined(kind: str, result: Json) -> dict[str, JsonObject]:
    """The definitions of one page by source id. Raises RetryLater for what is no list of them."""
    listing = _listing(kind)
    return {listing.source_id(row): row for row in listing.rows(result)}


def _bare(rows: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """The enumerations whose values are not in the list, by the field's number."""
    return {str(row["id"]): row for row in rows if row.get("userTypeId") == "enumeration"}


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of a kind's list: the source ids on it, the count told with it, and where the next page begins."""

    ids: tuple[str, ...]
    total: int | None
    next: int | None

    def new(self, place: JsonObject) -> list[str] | None:
        """The ids that no earlier page had; None for all."""
        known = place.get("known")
        return None if known is None else [one for one in self.ids if one not in known]

    def following(self, place: JsonObject) -> JsonObject | None:
        """The place after this page, or None at the end of the list.

        A page that begins like one before is that page again: the list is over. One whose count changed, or which
        brought fewer rows than it counts, is read again for what moved up past the reader meanwhile.
        """
        start, seen, past = place.get("start", 0), place.get("seen", []), place.get("round", 0)
        known = sorted({*place.get("known", []), *self.ids})
        totals = sorted({*place.get("totals", []), *([] if self.total is None else [self.total])})
        again = not self.ids or self.ids[0] in seen
        if not again and self.next is not None and self.next > start:
            return {"start": self.next, "round": past, "known": known, "totals": totals, "seen": [*seen, self.ids[0]]}
        if past < _MOST_ROUNDS and (len(totals) > 1 or len(known) < max(totals, default=0)):
            return {"start": 0, "round": past + 1, "known": known}
        return None


@dataclass(slots=True)
class _Lists:
    """What the batches of one read brought: archived answers, and by kind its page, its refusal, or its stumble."""

    raw: list[bytes] = field(default_factory=list)
    pages: dict[str, _Page] = field(default_factory=dict)
    refused: dict[str, EntityStopped] = field(default_factory=dict)
    stumbled: dict[str, RetryLater | SlowDown] = field(default_factory=dict)

    def heard(self, by: str, answer: BatchAnswer) -> None:
        """Take in the answer to one batch. Raises what ``failed`` does."""
        self.raw.append(archived(by, answer.raw))
        for kind, error in answer.errors.items():
            self.failed(kind, error)
        for kind, result in answer.results.items():
            try:
                ids = tuple(_defined(kind, result))
            except RetryLater as stumble:
                self.stumbled[kind] = stumble
            else:
                self.pages[kind] = _Page(ids, answer.totals.get(kind), answer.nexts.get(kind))

    def failed(self, kind: str, error: PortageError) -> None:
        """Raises every error that is neither a refusal nor a stumble."""
        if isinstance(error, EntityStopped):
            self.refused[kind] = error
        elif isinstance(error, RetryLater | SlowDown):
            self.stumbled[kind] = error
        else:
            raise error


@dataclass(slots=True)
class CustomFieldReader:
    """A range for a batch of kinds, named like their fields' entity: ``CRM_DEAL``, ``CRM_37``. See ``Reader``.

    The cursor holds the place in each list that is not over, ``{"kinds": {"CRM_37": {"start": 50, …}}}``; a list that
    was not begun is at ``{}``.
    """

    webhooks: Webhooks
    _pacing: Pacing = field(default_factory=lambda: Pacing(_KINDS_AT_ONCE))
    _pacing_of_values: Pacing = field(default_factory=lambda: Pacing(MOST_COMMANDS))

    async def cut(self, _ranges: int, extracted: Extracted) -> Cut:
        """Kinds of which no webhook may read the records either are left out.

        Raises EntityStopped when no webhook may ask for any of them.
        """
        ways = await self.webhooks.with_scope(*_SCOPES, *_CONFIG_SCOPES, *_USER_SCOPES, *_TASK_SCOPES)
        smart = sorted({int(one.id) for one in await all_rows(extracted, SMART_TYPE)})
        read = [kind for kind, one in CLASSIC.items() if kind == "USER" or any(way.may(*one.scopes) for way in ways)]
        kinds = [*read, *(f"CRM_{number}" for number in smart)]
        begins = range(0, len(kinds), _KINDS_AT_ONCE)
        return Cut(tuple({"kinds": {kind: {} for kind in kinds[one : one + _KINDS_AT_ONCE]}} for one in begins))

    async def read(self, cursor: JsonObject, _extracted: Extracted) -> SourcePage:
        """A page of each list, and the values of the enumerations on them.

        A list that stumbles keeps its place while others come through. Raises the stumble when none does.
        """
        places: dict[str, JsonObject] = cursor["kinds"]
        asked = await self._ask(places)
        if asked.stumbled and not (asked.pages or asked.refused):
            raise next(iter(asked.stumbled.values()))
        listed = (note({"new": {kind: page.new(places[kind]) for kind, page in asked.pages.items()}}), *asked.raw)
        unread = {kind: {error.reason.code: error.message} for kind, error in asked.refused.items()}
        raw = (*listed, *([note({"unreadable": unread})] if unread else []), *await self._values(self.rows(listed)))
        records = self.rows(raw)
        following: JsonObject = {}
        for kind, place in places.items():
            left = asked.pages[kind].following(place) if kind in asked.pages else place
            if left is not None and kind not in asked.refused:
                following[kind] = left
        lost = tuple(Lost(kind, error.reason.code, error.message) for kind, error in asked.refused.items())
        coverage = unread_details((_ENUMERATION,), (record.data for record in records))
        return SourcePage(records, raw, {"kinds": following} if following else None, len(told(raw)), lost, coverage)

    async def _ask(self, places: Mapping[str, JsonObject]) -> _Lists:
        """One batch of each webhook that is asked; what does not fit into it is asked for in the next read."""
        asked = _Lists()
        ways: dict[int, tuple[Webhook, list[str]]] = {}
        for kind in places:
            try:
                webhook = await self.webhooks.first(*_listing(kind).scopes)
                ways.setdefault(id(webhook), (webhook, []))[1].append(kind)
            except EntityStopped as error:
                asked.refused[kind] = error
        for webhook, kinds in ways.values():
            commands = {kind: _command(kind, places[kind]) for kind in kinds[: self._pacing.most]}
            try:
                answer = await self._pacing.batch(webhook, commands, least=1)
            except (EntityStopped, RetryLater, SlowDown) as error:
                for kind in commands:
                    asked.failed(kind, error)
            else:
                asked.heard(webhook.user, answer)
        return asked

    async def _values(self, records: Sequence[SourceRecord]) -> list[bytes]:
        """The answers with the values of enumerations that came without. One that is denied them keeps the rest."""
        enumerations = list(_bare([record.data for record in records]))
        if not enumerations:
            return []
        webhook = await self.webhooks.first(*_CONFIG_SCOPES)
        asked = await fetch_details(webhook, (_ENUMERATION,), enumerations, self._pacing_of_values)
        return [*asked.raw, *why_unread((_ENUMERATION,), asked.refused)]

    def rows(self, raw: Sequence[bytes]) -> tuple[SourceRecord, ...]:
        """The definitions that the note calls new, with their values where those are among the answers."""
        answers = told(raw)
        results = {key: result for one in answers for key, result in batch_results(one.answer).items()}
        records = tuple(
            SourceRecord(one, row)
            for kind, new in as_map(noted(raw).get("new")).items()
            for one, row in _defined(kind, results.get(kind)).items()
            if new is None or one in new
        )
        with_details((_ENUMERATION,), answers, _bare([record.data for record in records]))
        return records


READERS: Readers = {"custom_field": lambda portal: CustomFieldReader(portal.webhooks)}

NEEDS = (
    *(Need(listing.method, listing.scopes, listing.fixed) for listing in CLASSIC.values()),
    Need("userfieldconfig.list", _CONFIG_SCOPES, _of_smart_type("CRM_DEAL").fixed),
    Need(_ENUMERATION.method, _CONFIG_SCOPES),
)
