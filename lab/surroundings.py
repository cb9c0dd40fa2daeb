"""What `make serve` takes from the settings, and whether the function app can live with the others."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from lab.devhost.settings import is_connection_string
from shared.settings.model import SettingsError, load

STORAGE = "AzureWebJobsStorage"
_NEEDED = {
    "PORTAGE_BITRIX24_WEBHOOK_URLS": "the portal's webhook URL; without it no run can read anything",
    "PORTAGE_GATEWAY_URL": "the gateway's URL, …/webhook/{user}/{code}; without it no run can write anything",
}
_AZURITE_PORTS = 3  # blob, queue, table
_LAST_PORT = 65_535


class Unusable(Exception):
    """The settings do not allow a start; the message says which and why, and shows no value that may be a secret."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``azurite_port`` is the first of three, None when a storage account is given. ``missing`` says what cannot be
    done without the settings that it names. ``function_key`` is empty when none is given."""

    data_dir: Path
    port: int
    azurite_port: int | None
    function_key: str = field(repr=False)
    missing: dict[str, str]


def read_surroundings(root: Path) -> Surroundings:
    """Check all settings, and make the data directory, which is relative to ``root``. Raises Unusable."""
    for name in (STORAGE, "PORTAGE_STORAGE"):
        if _setting(name) and not is_connection_string(_setting(name)):
            raise Unusable(f"{name} is not a full storage connection string")
    try:
        load()
    except SettingsError as error:
        raise Unusable(str(error)) from None
    azurite_port = _port("PORTAGE_AZURITE_PORT", 10_000, count=_AZURITE_PORTS)
    return Surroundings(
        data_dir=_directory(root / (_setting("PORTAGE_DATA_DIR") or ".local")),
        port=_port("PORTAGE_PORT", 7071),
        azurite_port=None if _setting(STORAGE) else azurite_port,
        function_key=_setting("PORTAGE_FUNCTION_KEY"),
        missing={name: meaning for name, meaning in _NEEDED.items() if not _setting(name)},
    )


def _setting(name: str) -> str:
    return os.environ.get(name, "").strip()


def _port(name: str, default: int, *, count: int = 1) -> int:
    text, last = _setting(name) or str(default), _LAST_PORT - count + 1
    if not text.isdecimal() or not 0 < int(text) <= last:
        what = "a port number" if count == 1 else f"the first of {count} port numbers"
        raise Unusable(f"{name} must be {what}, 1 to {last}")
    return int(text)


def _directory(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "it is a file" if path.is_file() else error.strerror
        raise Unusable(f"PORTAGE_DATA_DIR is {path}, which cannot be a directory: {reason}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise Unusable(f"PORTAGE_DATA_DIR is {path}, which this user may not write to")
    return path
