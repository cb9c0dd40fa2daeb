"""What was read of a portal, by ours and by fast_bitrix24, and what each of them lost."""

import gzip
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from azure.storage.blob import ContainerClient

from lab.processes import ProcessFailed, environment, module, tied
from lab.system import System

_PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Rival:
    """What fast_bitrix24 read. ``seconds`` without its start."""

    seconds: float
    ids: list[int]


def rival(system: System) -> Rival:
    """Let fast_bitrix24 read all deals, in a process of its own. Raises ProcessFailed when it does not."""
    webhook = f"{system.portal_url}/rest/1/{system.keys.webhook}/"
    done = subprocess.run(
        tied(module("lab.bench.rival")),
        env=environment({"RIVAL_WEBHOOK": webhook}),
        capture_output=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ProcessFailed(f"fast_bitrix24 ended with code {done.returncode}\n{done.stderr.decode()[-2_000:]}")
    return Rival(**json.loads(done.stdout))


def extracted_ids(system: System) -> Iterator[int]:
    """Ids of the deals in the rows blobs of all runs."""
    with ContainerClient.from_connection_string(system.storage, "rows") as rows:
        for name in rows.list_blob_names():
            if name.split("/")[1] == "deal":
                content = gzip.decompress(rows.download_blob(name, decompress=False).readall())
                yield from (int(json.loads(line)["id"]) for line in content.splitlines() if line)


def lost(system: System, seen: set[int]) -> set[int]:
    """Deals that existed the whole time, from the portal's start until now, and were not seen."""
    there = {int(deal["id"]) for deal in system.truth("deal")}  # before the journal, which then knows all that is new
    added = {int(one["id"]) for one in system.journal() if one["entity"] == "deal" and one["what"] == "added"}
    return there - added - seen
