"""The policy scan: checkov in an environment of its own, and the findings that are waived with a reason."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.bicep.reading import Finding

_HERE = Path(__file__).parent
REQUIREMENTS = _HERE / "requirements-checkov.txt"
WAIVERS = _HERE / "waivers.toml"

_STUMBLED = re.compile(r"Failed to run check (\w+) on (\S+?\.bicep):(\S+)")
_INSTALLING = 600.0
_SCANNING = 120.0


class NotInstallable(Exception):
    """The scanner is not there and cannot be had: no network, or no such package."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A check that failed, or could not be run, on a resource."""

    check: str
    resource: str
    finding: Finding


def installed(environments: Path) -> Path:
    """The checkov of an environment below ``environments``, made when it is not there. Raises NotInstallable."""
    mark = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    home = environments / f"checkov-{mark}"
    command = home / "bin" / "checkov"
    if not (home / ".complete").exists():
        print("installing checkov; this takes about a minute, once", file=sys.stderr)
        steps = (
            [sys.executable, "-m", "venv", "--clear", str(home)],
            [str(home / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-r", str(REQUIREMENTS)],
        )
        try:
            for step in steps:
                subprocess.run(step, check=True, timeout=_INSTALLING, capture_output=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise NotInstallable(f"checkov cannot be installed: {type(error).__name__}") from None
        (home / ".complete").touch()
    return command


def scan(folder: Path, command: Path) -> list[Finding]:
    """What the scan finds in ``folder`` and nobody has waived, and waivers that waive nothing."""
    waivers = {
        (one["check"], resource): one["reason"]
        for one in tomllib.loads(WAIVERS.read_text(encoding="utf-8"))["waivers"]
        for resource in one["resources"]
    }
    violations, unread = _violations(folder, command)
    findings = [one.finding for one in violations if (one.check, one.resource) not in waivers]
    if unread:
        findings.append(Finding("main.bicep", 1, f"checkov could not read {unread} files"))
    needed = {(one.check, one.resource) for one in violations}
    findings += [
        Finding(WAIVERS.name, 1, f"{check} on {resource} does not occur: take the waiver out")
        for check, resource in waivers.keys() - needed
    ]
    return sorted(findings)


def _violations(folder: Path, command: Path) -> tuple[list[Violation], int]:
    options = ("--framework", "bicep", "--skip-download", "--compact", "--quiet", "--output", "json")
    done = subprocess.run(
        [str(command), "--directory", str(folder), *options],
        capture_output=True,
        text=True,
        timeout=_SCANNING,
        check=False,
    )
    report = json.loads(done.stdout)
    found = [*_failed(report), *_stumbled(done.stderr)]
    return found, int(report["summary"]["parsing_errors"])


def _failed(report: dict[str, dict[str, list[dict[str, str]]]]) -> Iterator[Violation]:
    for one in report["results"]["failed_checks"]:
        place, line = one["file_path"].lstrip("/"), int(one["file_line_range"][0])
        yield Violation(
            one["check_id"],
            one["resource"],
            Finding(place, line, f"{one['check_id']} on {one['resource']}: {one['check_name']}"),
        )


def _stumbled(log: str) -> Iterator[Violation]:
    """Checks that broke off prove nothing; they count as failed."""
    for check, path, resource in _STUMBLED.findall(log):
        place = path.split("/", 1)[-1] if path.startswith("infra/") else path
        yield Violation(check, resource, Finding(place, 1, f"{check} on {resource}: the check broke off"))
