"""A real gateway in a process of its own, and a client written from the contract alone."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from lab.processes import Process, ProcessFailed, environment, free_port, module

CODE = "c0de-for-the-tests"
NOW = "2026-01-01T10:00:00Z"

METHODS = {
    "department": ("import.departments.batch", "departments", "source:department"),
    "user": ("import.users.batch", "users", "source:user"),
    "group": ("import.groups.batch", "groups", "source:group"),
    "chat": ("import.chats.batch", "chats", "source:chat"),
    "chat_message": ("import.chat.messages", "chat-messages", "source:chat:message"),
    "feed_post": ("import.feed.posts", "feed-posts", "source:feed:post"),
    "feed_comment": ("import.feed.comments", "feed-comments", "source:feed:comment"),
    "task": ("import.tasks.batch", "tasks", "source:task"),
    "task_comment": ("import.task.comments", "task-comments", "source:task:comment"),
    "company": ("import.crm.companies", "crm/companies", "source:crm:company"),
    "contact": ("import.crm.contacts", "crm/contacts", "source:crm:contact"),
    "deal": ("import.crm.deals", "crm/deals", "source:crm:deal"),
    "smart_process_item": ("import.crm.spitems", "crm/sp-items", "source:crm:sp"),
    "workflow_template": ("import.workflows.tpls", "workflows", "source:workflow:tpl"),
}
"""Entity: method, plain path, key basis (contract §1, §2)."""

Json = Any


class RunningGateway:
    """One gateway on a directory; it can be stopped, killed and started again on the same store and port."""

    def __init__(self, directory: Path, settings: Mapping[str, str] | None = None, scheme: str = "http") -> None:
        self.directory = directory
        self.port = free_port()
        self.settings = {
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_CODES": f"7:{CODE}",
            "GATEWAY_STORE": f"sqlite:///{directory / 'gateway.db'}",
            "GATEWAY_MEDIA_DIR": str(directory / "media"),
            **(settings or {}),
        }
        self.base = f"{scheme}://127.0.0.1:{self.port}"
        self.process: Process | None = None
        self.http = httpx.Client(timeout=30)

    def start(self) -> None:
        """Start it and wait until it takes requests."""
        self.process = Process("gateway", module("gateway"), log_dir=self.directory, env=environment(self.settings))
        deadline = time.monotonic() + 30
        ready = f"ready {self.base}"
        while ready not in self.process.tail(1000):
            if not self.process.alive or time.monotonic() > deadline:
                raise ProcessFailed(f"the gateway did not become ready\n{self.process.tail()}")
            time.sleep(0.02)

    def restart(self) -> None:
        """Stop it as an operator does, and start it again."""
        assert self.process is not None
        self.process.stop()
        self.start()

    def close(self) -> None:
        """Stop everything."""
        self.http.close()
        if self.process is not None:
            self.process.stop()

    def post(self, method: str, body: Json = None, *, code: str = CODE, user: str = "7", **more: Any) -> httpx.Response:
        """One call by webhook. ``body`` is sent as JSON; ``content`` in ``more`` goes as it is."""
        if "content" not in more:
            more["json"] = {} if body is None else body
        return self.http.post(f"{self.base}/webhook/{user}/{code}/{method}", **more)

    def ask(self, method: str, body: Json = None) -> Json:
        """The answer to a call that has to succeed."""
        answer = self.post(method, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def write(self, entity: str, *items: Json, run_id: str = "r1") -> Json:
        """One write call with these items."""
        return self.ask(METHODS[entity][0], {"run_id": run_id, "batch_id": "b1", "items": list(items)})

    def create(self, entity: str, source_id: str, /, run_id: str = "r1", **data: Json) -> str:
        """Import one record; its target id."""
        answer = self.write(entity, item(entity, source_id, data), run_id=run_id)
        assert len(answer["imported"]) == 1, answer
        return str(answer["imported"][0]["target_id"])

    def failure(self, entity: str, source_id: str, /, **data: Json) -> tuple[str, str | None]:
        """Code and field with which one record is refused."""
        answer = self.write(entity, item(entity, source_id, data))
        assert len(answer["failed"]) == 1, answer
        return answer["failed"][0]["code"], answer["failed"][0]["field"]

    def read(self, entity: str, *source_ids: str) -> dict[str, Json]:
        """Records by source id."""
        items = self.ask("import.read", {"entity": entity, "source_ids": list(source_ids)})["items"]
        return {one["source_id"]: one for one in items}

    def sql(self, statement: str, *values: Json) -> list[Any]:
        """What somebody else does to the gateway's store."""
        store = self.settings["GATEWAY_STORE"]
        if store.startswith("postgresql://"):
            with psycopg.connect(store) as server:
                cursor = server.execute(statement.replace("?", "%s").encode(), values)
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.directory / "gateway.db", timeout=10)) as db, db:
            return db.execute(statement, values).fetchall()

    @contextmanager
    def stumbling(self, change: str, table: str, source_id: str, *, badly: bool = False) -> Iterator[None]:
        """Its store refuses a change (INSERT, DELETE) of one record; ``badly``: and throws the transaction away."""
        which = f"{'OLD' if change == 'DELETE' else 'NEW'}.source_id = '{source_id}'"
        if self.settings["GATEWAY_STORE"].startswith("postgresql://"):
            what = "PERFORM pg_terminate_backend(pg_backend_pid());" if badly else "RAISE EXCEPTION 'x';"
            self.sql(f"CREATE FUNCTION bad() RETURNS trigger AS $$ BEGIN {what} RETURN NULL; END $$ LANGUAGE plpgsql")
            when = f"BEFORE {change} ON {table} FOR EACH ROW WHEN ({which})"
            self.sql(f"CREATE TRIGGER bad {when} EXECUTE FUNCTION bad()")
            yield
            self.sql("DROP FUNCTION bad CASCADE")
            return
        what = f"SELECT RAISE({'ROLLBACK' if badly else 'FAIL'}, 'x')"
        self.sql(f"CREATE TRIGGER bad BEFORE {change} ON {table} WHEN {which} BEGIN {what}; END")
        yield
        self.sql("DROP TRIGGER bad")

    @property
    def log(self) -> str:
        """Everything it has said."""
        return (self.directory / "gateway.log").read_text()


def checksum(data: Json) -> str:
    """SHA-256 of the RFC 8785 form, for data with ASCII keys and without fractions."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def item(entity: str, source_id: str, data: Json, /, **instead: Json) -> Json:
    """One item of a write call; ``instead`` replaces parts of it."""
    digest = checksum(data)
    key = f"{METHODS[entity][2]}:{source_id}:{digest}"
    return {"source_id": source_id, "idempotency_key": key, "checksum": digest, "data": data, **instead}


def user(number: int, **more: Json) -> Json:
    """The data of a user."""
    return {"email": f"u{number}@example.com", "active": True, **more}


@contextmanager
def running(
    directory: Path, settings: Mapping[str, str] | None = None, scheme: str = "http"
) -> Iterator[RunningGateway]:
    """A gateway that runs meanwhile."""
    gateway = RunningGateway(directory, settings, scheme)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.close()
