"""A portal is migrated by a real host, from a real (simulated) portal to the real gateway."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from azure.storage.blob import BlobServiceClient

from lab.api import Api, Json, totals
from lab.proof import compare
from lab.system import UNLIMITED, System

_PORTAL = replace(UNLIMITED, posts=80, tasks=30, more=("--pictures",))
_COUNTED = ("department", "user", "group", "task")
_ASKED = {"task_files": True}


class Migrated:
    """A system on which the plan ran twice."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.api: Api = system.api()
        self.first: Json = self.api.wait(self.api.start(options=_ASKED))
        self.versions_after_first = system.applied_writes()
        self.second: Json = self.api.wait(self.api.start(options=_ASKED))


@pytest.fixture(scope="module")
def migrated(start_shared_system: Callable[..., System]) -> Migrated:
    return Migrated(start_shared_system(_PORTAL))


def test_everything_of_the_portal_arrives_in_the_gateway(migrated: Migrated) -> None:
    assert migrated.first["state"] == "completed"
    compared = {one.name: one for one in compare(migrated.system, frozenset(_ASKED))}
    assert {name: one.differences for name, one in compared.items() if one.differences} == {}
    assert compared["media"].arrived > 0


def test_the_status_counts_what_the_portal_holds(migrated: Migrated) -> None:
    counted = {name: migrated.first["entities"][name]["extracted"] for name in _COUNTED}
    assert counted == {name: len(migrated.system.truth(name)) for name in _COUNTED}


def test_every_picture_lies_in_the_media_store_as_it_is(migrated: Migrated) -> None:
    with BlobServiceClient.from_connection_string(migrated.system.storage) as service:
        media = service.get_container_client("media")
        stored = {hashlib.sha256(media.download_blob(blob).readall()).hexdigest() for blob in media.list_blob_names()}
    truth = migrated.system.truth
    shown = {one.get("PERSONAL_PHOTO") for one in truth("user")} | {one.get("IMAGE") for one in truth("group")}
    pictures = {one["sha256"] for one in truth("picture") if one["id"] in shown}
    assert pictures
    assert pictures <= stored <= pictures | {one["sha256"] for one in truth("file")}
    assert migrated.first["entities"]["media_file"]["dead_lettered"] == 0


def test_files_that_are_not_moved_are_counted_and_keep_nothing_waiting(migrated: Migrated) -> None:
    counts = migrated.first["entities"]["media_file"]
    assert counts["left_out"] > 0
    assert counts["imported"] + counts["left_out"] == counts["extracted"]


def test_a_second_run_sends_nothing(migrated: Migrated) -> None:
    assert migrated.second["state"] == "completed"
    assert totals(migrated.second, "imported") == 0
    assert migrated.system.applied_writes() == migrated.versions_after_first


def test_the_portal_sees_no_write(migrated: Migrated) -> None:
    assert migrated.system.stats()["writes"] == 0


def test_the_newest_run_is_listed_first(migrated: Migrated) -> None:
    runs = migrated.api.get("/runs?plan=bitrix24_onprem").json()
    assert [run["run_id"] for run in runs] == [migrated.second["run_id"], migrated.first["run_id"]]
