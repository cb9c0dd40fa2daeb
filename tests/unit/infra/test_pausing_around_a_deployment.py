"""The workflow's own steps that pause and resume runs, in bash, with a ``portage`` that plays an app."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

WORKFLOW = Path(__file__).resolve().parents[3] / ".github/workflows/portage.yml"

PORTAGE = """\
import json, pathlib, sys
kept = pathlib.Path("runs.json")
runs, (verb, *rest) = json.loads(kept.read_text()), sys.argv[1:]
if verb == "status":
    state = rest[rest.index("--state") + 1]
    print(json.dumps([{"run_id": run, "state": now} for run, now in runs.items() if now == state]))
    for run, now in runs.items():  # some end between one look and the next
        runs[run] = "completed" if now == "running" and run.startswith("ends") else now
else:
    (run,) = rest
    wanted = {"pause": ("queued", "running"), "resume": ("paused",)}[verb]
    if runs[run] not in wanted or run.startswith("stuck"):
        sys.exit(1)
    runs[run] = {"pause": "paused", "resume": "running"}[verb]
kept.write_text(json.dumps(runs))
"""


@dataclass
class Deployment:
    """A checkout on a build machine, and the app that it deploys to."""

    folder: Path

    def runs(self, **runs: str) -> None:
        """Runs of the app with their states."""
        (self.folder / "runs.json").write_text(json.dumps(runs), encoding="utf-8")

    def states(self) -> dict[str, str]:
        """The same, as they are now."""
        found: dict[str, str] = json.loads((self.folder / "runs.json").read_text("utf-8"))
        return found

    def noted(self) -> list[str]:
        """What is to be resumed."""
        return (self.folder / "paused").read_text("utf-8").split()

    def step(self, name: str, app: str = "func-portage") -> int:
        """Run a step of the workflow as the platform does; answers its exit code."""
        text = WORKFLOW.read_text(encoding="utf-8")
        found = re.search(rf"- name: {name}\n        run: \|\n((?:          .*\n|\n)+)", text)
        assert found
        surroundings = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "APP": app,
            "PORTAGE_URL": "http://app.example",
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", dedent(found[1])]
        return subprocess.run(
            command, cwd=self.folder, env=surroundings, check=False, capture_output=True, timeout=60
        ).returncode


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    executable(tmp_path / "portage", f"#!{sys.executable}\n{PORTAGE}")
    executable(tmp_path / ".venv/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    executable(tmp_path / "bin/sleep", "#!/bin/sh\n")
    executable(tmp_path / "bin/curl", "#!/bin/sh\n")
    return Deployment(tmp_path)


PAUSE, RESUME = "Pause runs that are under way", "Resume what was paused"


def test_what_is_under_way_is_paused_and_goes_on_afterwards(deployment: Deployment) -> None:
    deployment.runs(one="running", two="queued", three="paused", four="halted")
    assert (deployment.step(PAUSE), deployment.noted()) == (0, ["one", "two"])
    assert deployment.step(RESUME) == 0
    assert deployment.states() == {"one": "running", "two": "running", "three": "paused", "four": "halted"}


def test_a_run_that_ends_by_itself_meanwhile_keeps_nobody_from_deploying(deployment: Deployment) -> None:
    deployment.runs(ends="running", one="running")
    assert (deployment.step(PAUSE), deployment.noted()) == (0, ["one"])


def test_nothing_is_deployed_under_a_run_that_cannot_be_paused(deployment: Deployment) -> None:
    deployment.runs(stuck="running", one="running")
    assert (deployment.step(PAUSE), deployment.noted()) == (1, ["one"])


def test_a_run_that_cannot_be_resumed_leaves_no_other_one_paused_and_is_told(deployment: Deployment) -> None:
    deployment.runs(stuck="paused", one="paused")
    (deployment.folder / "paused").write_text("stuck\none\n", encoding="utf-8")
    assert (deployment.step(RESUME), deployment.noted()) == (1, ["stuck"])
    assert deployment.states()["one"] == "running"


def test_the_first_deployment_has_nothing_to_pause(deployment: Deployment) -> None:
    assert (deployment.step(PAUSE, app=""), deployment.noted()) == (0, [])


def test_an_app_that_gives_no_answer_can_be_mended_by_a_deployment(deployment: Deployment) -> None:
    executable(deployment.folder / "bin/curl", "#!/bin/sh\nexit 22\n")
    assert (deployment.step(PAUSE), deployment.noted()) == (0, [])
