"""The proof finds what somebody did to the target behind the migration's back, and names it."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from lab.api import Api, Json
from lab.system import UNLIMITED, System

_PORTAL = replace(
    UNLIMITED, users=30, posts=10, tasks=12, chats=4, messages=30, deals=8, contacts=8, companies=4, workflows=2
)


class Migrated:
    """A system on which the plan ran once."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.api: Api = system.api()
        self.first: Json = self.api.wait(self.api.start(options={"sample": 1.0}))

    def proof(self, run_id: str) -> Json:
        proof: Json = self.api.get(f"/runs/{run_id}/proof").raise_for_status().json()
        return proof

    def validated(self) -> Json:
        """The proof of a run that only looks."""
        return self.proof(self.api.wait(self.api.start("validate"))["run_id"])

    def change(self, statement: str, *values: object) -> None:
        """Something is done to the gateway's store by others."""
        with closing(sqlite3.connect(self.system.gateway_store, timeout=10)) as store, store:
            assert store.execute(statement, values).rowcount == 1


@pytest.fixture(scope="module")
def migrated(start_shared_system: Callable[..., System]) -> Migrated:
    return Migrated(start_shared_system(_PORTAL))


def _found(proof: Json, entity: str) -> list[tuple[str, str | None, str | None]]:
    return [(one["kind"], one["source_id"], one["field"]) for one in proof["entities"][entity]["findings"]]


def test_a_clean_migration_is_proven_in_every_entity_field_by_field(migrated: Migrated) -> None:
    proof = migrated.proof(migrated.first["run_id"])
    verdicts = {name: one["verdict"] for name, one in proof["entities"].items()}
    findings = {name: one["findings"] for name, one in proof["entities"].items() if one["findings"]}
    assert (findings, set(verdicts.values())) == ({}, {"proven"})
    gates = {one["gate"]: one["result"] for one in proof["gates"]}
    assert {"counts_match", "sample_equal", "orphans", "images", "dead_letters"} <= gates.keys()
    assert set(gates.values()) == {"passed"}
    assert migrated.first["state"] == "completed"


def test_a_kill_in_the_middle_of_the_proof_is_harmless(migrated: Migrated) -> None:
    run_id = migrated.api.start("validate")
    deadline = time.monotonic() + 60
    while not migrated.api.run(run_id)["target_methods"]:  # a validating run asks the target for nothing else
        assert time.monotonic() < deadline
        time.sleep(0.05)
    migrated.system.hosts[-1].kill()
    migrated.system.start_host()
    migrated.api = migrated.system.api(len(migrated.system.hosts) - 1)
    assert migrated.api.wait(run_id)["state"] == "completed"
    assert migrated.proof(run_id)["passed"] is True


def test_what_was_corrupted_removed_or_added_at_the_target_is_named(migrated: Migrated) -> None:
    with closing(sqlite3.connect(migrated.system.gateway_store)) as store:
        query = "SELECT source_id, data FROM records WHERE entity = 'deal' ORDER BY id LIMIT 1"
        deal, text = store.execute(query).fetchone()
        (comment,) = store.execute("SELECT max(source_id) FROM records WHERE entity = 'task_comment'").fetchone()
    data = json.dumps({**json.loads(text), "title": "Something else"})
    migrated.change("UPDATE records SET data = ? WHERE entity = 'deal' AND source_id = ?", data, deal)
    migrated.change("DELETE FROM records WHERE entity = 'task_comment' AND source_id = ?", comment)
    migrated.change(
        "INSERT INTO records (entity, checksum, key, data, run_id, action) VALUES ('company', '', '', ?, '', '')", "{}"
    )
    run = migrated.api.wait(migrated.api.start("validate"))
    proof = migrated.proof(run["run_id"])
    assert _found(proof, "deal") == [("differs", deal, "title")]
    assert _found(proof, "task_comment") == [("missing", comment, None)]
    assert _found(proof, "company") == [("foreign", None, None)]
    assert {one["gate"]: one["result"] for one in proof["gates"]}["counts_match"] == "failed"
    assert (run["state"], run["reason"]) == ("completed_with_errors", "proof.differs")
    assert "deal: 1 that differ" in run["message"]
    assert "task_comment: 1 missing" in run["message"]
