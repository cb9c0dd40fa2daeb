"""Files come in late, or never; what shows them goes in all the same and is right at the end of the run."""

from dataclasses import replace
from typing import Any

import pytest

from shared.model.json import Json
from shared.model.messages import ImportMessage
from shared.model.plan import Entity
from shared.model.records import Capabilities, Cut, MethodLimit, OutgoingItem, Receipt, SourcePage, SourceRecord
from shared.model.run import Run, RunState
from shared.ports.systems import Extracted
from shared.transform.files import file_reference
from shared.transform.making import Making
from shared.transform.mapping import Draft, Mapping
from shared.transform.mapping_documents import read_mapping
from tests.unit.engine.both_sides import MAPPINGS, Gateway, Portal
from tests.unit.engine.conftest import World

FILE = {
    "left_out_by": "reason",
    "also_known_as": "aliases",
    "field": {"key": {"from": "key", "required": True}, "checksum": {"from": "checksum"}},
}


def files(making: Making) -> Json:
    return [file_reference(making, one) for one in making.record.data.get("FILES", [])]


class AlbumPortal(Portal):
    """Groups have files: ``held`` are those that can be had, by id."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, dict[str, Any]] = {}

    async def cut(self, entity: str, ranges: int, extracted: Extracted) -> Cut:
        if entity != "media_file":
            return await super().cut(entity, ranges, extracted)
        return Cut(tuple({"page": page} for page in await extracted.pages("group")))

    async def read(self, entity: str, cursor: dict[str, Any], extracted: Extracted) -> SourcePage:
        if entity != "media_file":
            return await super().read(entity, cursor, extracted)
        owners = await extracted.rows(cursor["page"])
        ids = [f"group-{owner.id}-{file}" for owner in owners for file in owner.data.get("FILES", [])]
        return SourcePage(
            tuple(SourceRecord(one, self.held[one]) for one in ids if one in self.held), (b"{}",), None, 1
        )


class AlbumGateway(Gateway):
    """Files get another id with other content."""

    def _one(self, entity: str, run_id: str, item: OutgoingItem) -> Receipt:
        receipt = super()._one(entity, run_id, item)
        if entity != "media_file" or receipt.action != "updated" or receipt.outcome != "imported":
            return receipt
        self.records[entity, item.source_id].target_id = f"{receipt.target_id}-anew"
        return replace(receipt, target_id=f"{receipt.target_id}-anew")

    async def capabilities(self) -> Capabilities:
        told = await super().capabilities()
        return replace(told, limits=told.limits | {"media_file": MethodLimit(1, 600)})


@pytest.fixture
def album(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Group 7 shows two files, group 8 one that is called by another name in its text."""
    portal = AlbumPortal()
    portal.records = world.portal.records
    portal.records["group"][7]["FILES"] = ["1", "2"]
    portal.records["group"][8]["FILES"] = ["3", "n30"]
    portal.held = {f"group-7-{one}": _row(f"7/{one}") for one in (1, 2)}
    portal.held["group-8-3"] = _row("8/3", aliases=["group-8-n30"])
    world.portal, world.gateway = portal, AlbumGateway()
    media = Entity("media_file", also_after=("group",), ids_follow_content=True)
    world.plan = replace(world.plan, entities=(media, *world.plan.entities))
    group = read_mapping(
        "group",
        {
            "field": {
                "name": {"from": "NAME", "required": True},
                "owner_id": {"from": "OWNER", "reference": "user", "required": True},
                "media_ids": {"from": "FILES", "make": "files"},
            }
        },
        {"files": files},
    )
    monkeypatch.setitem(MAPPINGS, "group", group)
    monkeypatch.setitem(MAPPINGS, "media_file", read_mapping("media_file", FILE))
    world.rewire()
    return world


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the records that were transformed."""
    seen: list[str] = []
    apply = Mapping.apply

    def noted(mapping: Mapping, record: SourceRecord, *around: Any) -> Draft:
        seen.append(record.id)
        return apply(mapping, record, *around)

    monkeypatch.setattr(Mapping, "apply", noted)
    return seen


def _row(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "checksum": f"sum of {key}", **more}


def _shown(world: World, group: str) -> Any:
    return world.gateway.records["group", group].data["media_ids"]


async def _run(world: World, entities: tuple[str, ...] = ()) -> Run:
    return await world.drive((await world.start(entities=entities)).run_id)


async def _counts(world: World, run: Run, entity: str) -> dict[str, Any]:
    counts: dict[str, Any] = (await world.status(run.run_id))["entities"][entity]
    return counts


async def test_what_shows_files_has_them_at_the_end_of_the_run(album: World) -> None:
    run = await _run(album)
    assert run.state is RunState.COMPLETED
    assert _shown(album, "7") == ["t-media_file-group-7-1", "t-media_file-group-7-2"]
    assert (await _counts(album, run, "group"))["unresolved"] == 0


async def test_a_file_is_found_under_either_of_its_names(album: World) -> None:
    await _run(album)
    assert _shown(album, "8") == ["t-media_file-group-8-3"]


async def test_a_second_run_sends_neither_files_nor_what_shows_them(album: World) -> None:
    await _run(album)
    album.gateway.calls.clear()
    run = await _run(album)
    assert album.gateway.calls == []
    assert (await _counts(album, run, "media_file"))["skipped"] == 3


@pytest.mark.parametrize("also_changed", [False, True])
async def test_a_file_with_other_content_is_shown_at_the_end_of_the_same_run(album: World, also_changed: bool) -> None:
    await _run(album)
    album.portal.held["group-7-1"] = _row("7/other")  # type: ignore[attr-defined]
    if also_changed:
        album.portal.records["group"][7]["NAME"] = "new"
    run = await _run(album)
    assert _shown(album, "7") == ["t-media_file-group-7-1-anew", "t-media_file-group-7-2"]
    counts = await _counts(album, run, "group")
    assert counts["skipped"] == 44


async def test_a_file_that_another_host_changes_is_shown_at_the_end_of_the_same_run(album: World) -> None:
    await _run(album)
    album.portal.held["group-7-1"] = _row("7/other")  # type: ignore[attr-defined]
    await _run(_with_files_on_another_host(album))
    assert _shown(album, "7") == ["t-media_file-group-7-1-anew", "t-media_file-group-7-2"]


def _with_files_on_another_host(album: World) -> World:
    host = World(album.portal, album.gateway, album.stores, album.clock, plan=album.plan, options=album.options)
    here = album.importer

    class Hosts:
        async def work(self, message: ImportMessage) -> None:
            await (host.importer if message.key.entity == "media_file" else here).work(message)

    album.importer = Hosts()  # type: ignore[assignment]
    return album


async def test_a_file_that_was_left_out_is_neither_written_nor_a_failure(album: World) -> None:
    album.portal.held["group-7-2"]["reason"] = "media.out_of_scope"  # type: ignore[attr-defined]
    run = await _run(album)
    counts = await _counts(album, run, "media_file")
    assert run.state is RunState.COMPLETED
    assert (counts["imported"], counts["left_out"], counts["failed"]) == (2, 1, 0)
    assert _shown(album, "7") == ["t-media_file-group-7-1"]


def _owners(made: list[str]) -> list[str]:
    """Without the files themselves, which the proof makes anew to know what the target should list."""
    return [one for one in made if not one.startswith("group-")]


async def test_what_shows_a_file_that_is_lost_is_not_made_again_by_every_run(album: World, made: list[str]) -> None:
    lost = album.portal.held.pop("group-7-2")  # type: ignore[attr-defined]
    await _run(album)
    made.clear()
    await _run(album)
    assert _owners(made) == []
    album.portal.held["group-7-2"] = lost  # type: ignore[attr-defined]
    await _run(album)
    assert _owners(made) == ["7"]
    assert _shown(album, "7") == ["t-media_file-group-7-1", "t-media_file-group-7-2"]


async def test_only_what_has_files_is_made_again_when_the_run_brings_none(album: World, made: list[str]) -> None:
    await _run(album)
    made.clear()
    await _run(album, ("department", "user", "group"))
    assert made == ["7", "8"]


async def test_a_run_without_files_waits_for_none_and_keeps_those_that_are_in(album: World) -> None:
    everything_else = ("department", "user", "group")
    run = await _run(album, everything_else)
    counts = await _counts(album, run, "group")
    assert (_shown(album, "7"), counts["patched"], counts["unresolved"]) == ([], 0, 0)
    await _run(album)
    album.gateway.calls.clear()
    await _run(album, everything_else)
    assert album.gateway.calls == []
    assert len(_shown(album, "7")) == 2
