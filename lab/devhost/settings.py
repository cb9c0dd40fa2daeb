"""App settings: `local.settings.json` under the environment, `%NAME%` expansion and connection names."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

from azure.core.utils import parse_connection_string

from lab.devhost.errors import StartError

_PERCENT = re.compile(r"%([^%]+)%")


def apply_local_settings(app_dir: Path) -> None:
    """Copy `Values` of `local.settings.json` into the environment where the environment has no such name.

    Raises `StartError` when the file does not have the form that `func start` wants.
    """
    path = app_dir / "local.settings.json"
    if not path.exists():
        return
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise StartError(f"{path.name} is not valid JSON: {error}") from None
    values = content.get("Values", {}) if isinstance(content, dict) else None
    if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
        raise StartError(f'{path.name} must be an object with the settings in "Values", each of them a text')
    for name, value in values.items():
        os.environ.setdefault(name, str(value))


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
    if not is_connection_string(found):
        raise StartError(f"the app setting {wanted!r} is not a full storage connection string")
    return found


def is_connection_string(text: str) -> bool:
    """Whether a storage account can be opened with it: an account or its endpoints, and a key or a signature."""
    try:
        parts = parse_connection_string(text)
        base64.b64decode(parts.get("accountkey", ""), validate=True)
    except ValueError:
        return False
    return ("accountname" in parts and "accountkey" in parts) or "sharedaccesssignature" in parts


def is_disabled(function: str) -> bool:
    """True when the app setting `AzureWebJobs.<function>.Disabled` switches the function off."""
    return os.environ.get(f"AzureWebJobs.{function}.Disabled", "").strip().lower() in {"1", "true"}
