"""The proof finds what somebody did to the target behind the migration's back, and names it."""

import json
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from lab.api import Api, Json
from lab.system import UNLIMITED, System
from tests.unit.api_stand_in import spawn

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

    def portage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What the command line says of it, asked of the host that lives."""
        system = self.system
        env = {**system.client_settings, "PORTAGE_URL": system.hosts[-1].ready()}
        process = spawn(*arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out.decode(), err.decode())

    def change(self, statement: str, *values: object) -> None:
        """Something is done to the gateway's store by others."""
        with closing(sqlite3.connect(self.system.gateway_store, timeout=10)) as store, store:
            assert store.execute(statement, values).rowcount == 1


@pytest.fixture(scope="module")
def migrated(start_shared_system: Callable[..., System]) -> Migrated:
    return Migrated(start_shared_system(_PORTAL))


def _found(proof: Json, entity: str) -> list[tuple[str, str | None, str | None]]:
    return [(one["kind"], one["source_id"], one["field"]) for one in proof["entities"][entity]["findings"]]


def _of_kind(proof: Json, entity: str, kind: str) -> list[Json]:
    return [one for one in proof["entities"][entity]["findings"] if one["kind"] == kind]


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


def _damage(migrated: Migrated) -> dict[str, str]:
    """A field is changed, two records are removed, of which others refer to one, and a file is lost on the disk."""
    with closing(sqlite3.connect(migrated.system.gateway_store)) as store:
        query = "SELECT source_id, data FROM records WHERE entity = 'deal' ORDER BY id LIMIT 1"
        deal, text = store.execute(query).fetchone()
        (comment,) = store.execute("SELECT max(source_id) FROM records WHERE entity = 'task_comment'").fetchone()
        query = (
            "SELECT id, source_id FROM records WHERE entity = 'company' AND id IN (SELECT target FROM refs) "
            "AND NOT EXISTS (SELECT 1 FROM refs JOIN records one ON one.id = refs.record "
            "WHERE refs.target = records.id AND one.entity = 'deal' AND one.source_id = ?)"
        )
        target, company = store.execute(query, (deal,)).fetchone()
        query = "SELECT entity || ' ' || source_id FROM refs JOIN records ON records.id = refs.record WHERE target = ?"
        referring = " ".join(sorted({one for (one,) in store.execute(query, (target,))}))
        (checksum,) = store.execute("SELECT checksum FROM media ORDER BY key LIMIT 1").fetchone()
    data = json.dumps({**json.loads(text), "title": "Something else"})
    migrated.change("UPDATE records SET data = ? WHERE entity = 'deal' AND source_id = ?", data, deal)
    migrated.change("DELETE FROM records WHERE entity = 'task_comment' AND source_id = ?", comment)
    migrated.change("DELETE FROM records WHERE id = ?", target)
    migrated.change(
        "INSERT INTO records (entity, checksum, key, data, run_id, action) VALUES ('company', '', '', ?, '', '')", "{}"
    )
    (migrated.system.directory / "media" / checksum).unlink()
    return {"deal": deal, "comment": comment, "company": company, "referring": referring, "file": checksum}


def test_what_was_done_to_the_target_is_named_and_one_command_puts_it_right(migrated: Migrated) -> None:
    damage = _damage(migrated)
    run = migrated.api.wait(migrated.api.start("validate", options={"sample": 1.0}))
    proof = migrated.proof(run["run_id"])
    assert _found(proof, "deal")[0] == ("differs", damage["deal"], "title")
    assert _found(proof, "task_comment") == [("missing", damage["comment"], None)]
    assert sorted(_found(proof, "company")) == [("foreign", None, None), ("missing", damage["company"], None)]
    orphans = {f"{name} {one['source_id']}" for name in proof["entities"] for one in _of_kind(proof, name, "orphan")}
    assert " ".join(sorted(orphans)) == damage["referring"]
    assert [one["kind"] for one in proof["entities"]["media_file"]["findings"]] == ["unreadable"]
    assert proof["entities"]["media_file"]["verdict"] == "unverified"
    assert {one["gate"]: one["result"] for one in proof["gates"]}["counts_match"] == "failed"
    assert (run["state"], run["reason"]) == ("completed_with_errors", "proof.differs")
    listed = migrated.portage("verify", run["run_id"], "--findings", "--json").stdout.splitlines()
    assert len(listed) == sum(one["figures"]["findings"] for one in proof["entities"].values())

    repaired = migrated.portage("verify", run["run_id"], "--repair")
    lines = repaired.stdout.splitlines()
    assert (migrated.system.directory / "media" / damage["file"]).is_file()
    assert (repaired.returncode, lines[-1].split(": ")[1]) == (0, "all gates are passed")
    with closing(sqlite3.connect(migrated.system.gateway_store)) as store:
        query = "SELECT DISTINCT entity || ' ' || source_id FROM versions WHERE run_id = ?"
        sent = {one for (one,) in store.execute(query, (lines[0].split()[1],))}
    named = {f"{name} {damage[key]}" for name, key in (("deal", "deal"), ("task_comment", "comment"))}
    assert sent == {*named, f"company {damage['company']}", *orphans}
