"""Settings that name methods or folders, as the gateway takes them at its start."""

from pathlib import Path

import pytest

from gateway.calls import Calls
from gateway.settings import SettingsError, load
from gateway.store import Store


def _calls(directory: Path, **settings: str) -> Calls:
    given = {"GATEWAY_CODES": "7:c", "GATEWAY_MEDIA_DIR": str(directory / "media"), **settings}
    return Calls(load(given), Store(f"sqlite:///{directory / 'gateway.db'}"))


def test_a_write_method_has_the_limit_that_is_set_and_the_others_have_none(tmp_path: Path) -> None:
    calls = _calls(tmp_path, GATEWAY_LIMITS='{"import.crm.deals": {"max_items": 7, "per_minute": 8}}')
    deals = calls.limit("import.crm.deals")
    assert deals is not None
    assert (deals.max_items, deals.per_minute) == (7, 8)
    assert calls.limit("import.read") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_METHODS", "import.users.batch,import.user.batch"),
        ("GATEWAY_LIMITS", '{"import.read": {"max_items": 1, "per_minute": 1}}'),
        ("GATEWAY_MEDIA_DIR", "/dev/null/media"),
    ],
)
def test_a_name_nobody_knows_and_a_folder_that_cannot_be_are_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        _calls(tmp_path, **{name: value})
