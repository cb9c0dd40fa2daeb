"""App settings: `local.settings.json` under the environment, `%NAME%` expansion and connection names."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from lab.devhost.errors import StartError

_PERCENT = re.compile(r"%([^%]+)%")
DEVELOPMENT_STORAGE = "UseDevelopmentStorage=true"


def apply_local_settings(app_dir: Path) -> None:
    """Copy `Values` of `local.settings.json` into the environment where the environment has no such name."""
    path = app_dir / "local.settings.json"
    if not path.exists():
        return
    try:
        values = json.loads(path.read_text(encoding="utf-8")).get("Values") or {}
    except (ValueError, AttributeError) as error:
        raise StartError(f"{path.name} is not valid: {error}") from error
    for name, value in values.items():
        os.environ.setdefault(str(name), str(value))


def expand(text: str) -> str:
    """Replace every `%NAME%` by the app setting of that name; raises `StartError` when it is not set."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise StartError(f"the app setting {match[1]!r} is not set, but the app refers to it as %{match[1]}%")
        return found

    return _PERCENT.sub(value, text)


def connection_string(name: str = "AzureWebJobsStorage") -> str:
    """The storage connection string that a binding calls `name`; the prefix `AzureWebJobs` is optional there."""
    wanted = name or "AzureWebJobsStorage"
    found = os.environ.get(f"AzureWebJobs{wanted}") or os.environ.get(wanted)
    if not found:
        raise StartError(f"the app setting {wanted!r} (a storage connection string) is not set")
    return found


def is_disabled(function: str) -> bool:
    """True when the app setting `AzureWebJobs.<function>.Disabled` switches the function off."""
    return os.environ.get(f"AzureWebJobs.{function}.Disabled", "").strip().lower() in {"1", "true"}
