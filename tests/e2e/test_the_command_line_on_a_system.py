"""The command line as a process of its own, in front of a whole small system."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from lab.api import Api
from lab.system import Portal, System
from shared.model.records import DeadLetter
from shared.storage.azure.opening import closing_stores
from tests.unit.api_stand_in import spawn

SMALL = Portal(users=30, departments=4, groups=5, rate=100_000.0, burst=100_000)
ENTITIES = ("department", "user", "group")
COME_ALONG = ("custom_field",)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    exit_code: int
    lines: list[str]
    errors: str

    @property
    def run_id(self) -> str:
        return self.lines[0].split()[1]


def command(system: System, *arguments: str) -> Ended:
    process = spawn(*arguments, env=system.client_settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=120)
    return Ended(process.returncode, out.decode().splitlines(), err.decode())


@dataclass(frozen=True, slots=True)
class Watched:
    """A dry run, a run, and the same run again; all were watched to their end."""

    system: System
    dry: Ended
    first: Ended
    second: Ended


@dataclass(frozen=True, slots=True)
class Previewed:
    """The answer of a preview, and the list of runs before and after it."""

    status: int
    body: dict[str, Any]
    runs_before: list[Any]
    runs_after: list[Any]


@pytest.fixture(scope="module")
def watched(start_shared_system: Callable[..., System]) -> Watched:
    system = start_shared_system(SMALL)
    chosen = [part for name in ENTITIES for part in ("--entity", name)]
    runs = [
        command(system, "run", "bitrix24_onprem", *chosen, "--mode", mode, "--watch")
        for mode in ("dry_run", "full", "full")
    ]
    return Watched(system, *runs)


@pytest.fixture
def api(watched: Watched) -> Iterator[Api]:
    api = watched.system.api()
    yield api
    api.close()


def portal_size(system: System) -> int:
    return sum(len(system.truth(name)) for name in ENTITIES)


def test_a_watched_run_ends_well_and_says_nothing_on_stderr(watched: Watched) -> None:
    assert [(one.exit_code, one.errors) for one in (watched.dry, watched.first, watched.second)] == [(0, "")] * 3


def test_a_watched_run_tells_its_beginning_its_entities_and_its_end(watched: Watched) -> None:
    run_id, count = watched.first.run_id, portal_size(watched.system)
    assert watched.first.lines[0] == f"run {run_id} started"
    done = {line.split()[1].rstrip(":") for line in watched.first.lines if ": done, " in line}
    assert done == {*ENTITIES, *COME_ALONG}
    assert watched.first.lines[-1] == f"run {run_id}: completed; {count} imported"


def test_a_second_run_says_that_nothing_was_imported(watched: Watched) -> None:
    told = f"run {watched.second.run_id}: completed; nothing was imported, {portal_size(watched.system)} unchanged"
    assert watched.second.lines[-1] == told


def test_a_dry_run_says_what_it_would_import_and_claims_no_more(watched: Watched) -> None:
    would = f"would import {portal_size(watched.system)}; nothing was written"
    assert watched.dry.lines[-1] == f"run {watched.dry.run_id}: completed; {would}"
    assert not [line for line in watched.dry.lines if "imported" in line]


def test_status_ends_with_the_same_verdict(watched: Watched) -> None:
    assert command(watched.system, "status", watched.first.run_id).lines[-1] == watched.first.lines[-1]


def test_the_doctor_finds_the_map_bound_to_this_pair(watched: Watched) -> None:
    found = command(watched.system, "doctor").lines
    assert "ok   bitrix24_onprem: binding: the id map belongs to this portal and this store" in found


@pytest.fixture(scope="module")
def previewed(watched: Watched) -> Previewed:
    with closing(watched.system.api()) as api:
        before = api.get("/runs").json()
        answer = api.post("/plans/bitrix24_onprem/preview", {"entities": list(ENTITIES)})
        return Previewed(answer.status_code, answer.json(), before, api.get("/runs").json())


def test_a_preview_counts_what_is_in_the_portal(watched: Watched, previewed: Previewed) -> None:
    counts = {one["name"]: one["count"] for one in previewed.body["entities"] if one["name"] in ENTITIES}
    assert (previewed.status, counts) == (200, {name: len(watched.system.truth(name)) for name in ENTITIES})


def test_a_preview_foretells_the_calls_that_the_run_made(api: Api, watched: Watched, previewed: Previewed) -> None:
    made = api.get(f"/runs/{watched.first.run_id}").json()["calls"]
    told = previewed.body["entities"]
    assert {one["name"] for one in told} == {*ENTITIES, *COME_ALONG}
    assert sum(one["calls"] for one in told) == pytest.approx(made["source"], rel=0.2, abs=2), made
    to_target = sum((one["target_calls"] or 0) + (one["proof_calls"] or 0) for one in told)
    assert to_target == pytest.approx(made["target"], rel=0.2, abs=4), made


def test_a_preview_finds_nothing_in_the_way_of_a_healthy_system(previewed: Previewed) -> None:
    assert [one for one in previewed.body["findings"] if one["severity"] != "info"] == []


def test_a_preview_leaves_no_trace(watched: Watched, previewed: Previewed) -> None:
    assert previewed.runs_after == previewed.runs_before
    assert watched.system.stats()["writes"] == 0


def test_the_answer_of_a_preview_is_as_the_api_describes_it(api: Api, previewed: Previewed) -> None:
    schema = api.get("/openapi.json").json()["components"]["schemas"]["Preview"]
    assert set(schema["required"]) == previewed.body.keys()
    for name in ("entities", "findings"):
        assert set(schema["properties"][name]["items"]["required"]) == previewed.body[name][0].keys()
    assert set(schema["properties"]["totals"]["required"]) == previewed.body["totals"].keys()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/plans/bitrix24_onprem", "Plan"), ("/doctor", "Doctor"), ("/runs", "Run"), ("/health", "Health")],
)
def test_answers_are_as_the_api_describes_them(api: Api, watched: Watched, path: str, name: str) -> None:
    schema = api.get("/openapi.json").json()["components"]["schemas"][name]
    told = api.get(path).json()
    assert set(told[0] if isinstance(told, list) else told) == set(schema["required"])


def test_the_command_shows_the_plan_before_the_migration(watched: Watched) -> None:
    ended = command(watched.system, "plan", "bitrix24_onprem")
    assert (ended.exit_code, ended.errors) == (0, "")
    shown = [tuple(line.split()[:2]) for line in ended.lines]
    counts = {(name, str(len(watched.system.truth(name)))) for name in ENTITIES}
    assert counts <= set(shown), ended.lines


def test_a_run_without_failures_has_no_dead_letters(watched: Watched) -> None:
    ended = command(watched.system, "dead-letters", watched.first.run_id)
    assert (ended.exit_code, ended.lines) == (0, [f"run {watched.first.run_id} has no dead letters"])


def test_a_run_without_flaws_lists_none(watched: Watched) -> None:
    ended = command(watched.system, "flaws", watched.first.run_id, "--entity", "user")
    assert (ended.exit_code, ended.lines) == (0, [f"run {watched.first.run_id} has no flaws of that sort"])


@pytest.fixture
def failed(watched: Watched) -> str:
    """A run with three dead letters of two causes, written to the storage that the host reads."""
    run_id = watched.dry.run_id
    letters = [
        DeadLetter(run_id, "user", name, "target.conflict", "taken", 1, None, cause, "email")
        for name, cause in (("2", "c-1"), ("10", "c-2"), ("11", "c-2"))
    ]

    async def write() -> None:
        async with closing_stores(watched.system.storage) as stores:
            await stores.dead_letters.add(letters)

    asyncio.run(write())
    return run_id


def test_dead_letters_come_in_pages(api: Api, failed: str) -> None:
    first = api.get(f"/dead-letters?run_id={failed}&limit=2").json()
    second = api.get(f"/dead-letters?run_id={failed}&limit=2&after={first['next']}").json()
    assert [one["source_id"] for one in first["items"]] == ["2", "10"]
    assert ([one["source_id"] for one in second["items"]], second["next"]) == (["11"], None)


def test_causes_of_dead_letters_come_with_their_count_and_an_example(api: Api, failed: str) -> None:
    causes = api.get(f"/dead-letters/causes?run_id={failed}").json()
    assert [(one["cause"], one["count"], one["example_id"]) for one in causes] == [("c-2", 2, "10"), ("c-1", 1, "2")]


@pytest.mark.parametrize("path", ["/dead-letters", "/dead-letters/causes"])
def test_without_a_run_the_dead_letters_of_all_runs_are_meant(api: Api, failed: str, path: str) -> None:
    assert failed in api.get("/dead-letters").text
    assert api.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/dead-letters", "/dead-letters/causes"])
def test_dead_letters_of_an_unknown_run_are_not_found(api: Api, path: str) -> None:
    answer = api.get(f"{path}?run_id=r-nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_RUN")


@pytest.mark.parametrize(
    "query", ["run_id=", "limit=0", "limit=1001", "limit=ten", "after=17", "plan=bitrix24_onprem", "after="]
)
def test_a_query_that_makes_no_sense_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"/dead-letters?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


def test_causes_take_no_page(api: Api) -> None:
    assert api.get("/dead-letters/causes?limit=5").status_code == 400


def test_the_command_goes_through_the_dead_letters(watched: Watched, failed: str) -> None:
    ended = command(watched.system, "dead-letters", failed, "--limit", "2")
    assert ended.lines == [
        "user 2: target.conflict, email: taken",
        "user 10: target.conflict, email: taken",
        f"more: portage dead-letters {failed} --limit 2 --after {failed}/user/10",
    ]
