"""Settings with which `make serve` cannot start are told by name, and their values are not shown."""

import json
from pathlib import Path

import pytest

from lab.devhost.errors import StartError
from lab.devhost.options import HostOptions
from lab.devhost.settings import apply_local_settings
from lab.surroundings import Unusable, read_surroundings

_SECRET = "whkthatnobodymaysee"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AzureWebJobsStorage", "PORTAGE_STORAGE", "PORTAGE_DATA_DIR", "PORTAGE_AZURITE_PORT", "PORTAGE_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AzureWebJobsStorage", "foo"),
        ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
        ("AzureWebJobsStorage", f"AccountName=portage;AccountKey={_SECRET}"),
        ("PORTAGE_STORAGE", _SECRET),
        ("PORTAGE_AZURITE_PORT", "65534"),
        ("PORTAGE_PORT", "0"),
        ("PORTAGE_PORT", "65536"),
        ("PORTAGE_SOURCE_RATE", _SECRET),
        ("PORTAGE_BITRIX24_WEBHOOK_URLS", f"portal.example/rest/1/{_SECRET}/"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Unusable) as refusal:
        read_surroundings(tmp_path)
    assert str(refusal.value).startswith(name)
    assert _SECRET not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["a-file", "a-file/below"])
def test_a_data_directory_that_is_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("PORTAGE_DATA_DIR", name)
    with pytest.raises(Unusable, match="PORTAGE_DATA_DIR"):
        read_surroundings(tmp_path)


def test_the_last_three_ports_are_good_for_the_emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAGE_AZURITE_PORT", "65533")
    assert read_surroundings(tmp_path).azurite_port == 65533


def test_no_emulator_is_wanted_where_an_account_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", "AccountName=portage;AccountKey=c2VjcmV0")
    assert read_surroundings(tmp_path).azurite_port is None


@pytest.mark.parametrize("text", ["{", "[]", '"Values"', '{"Values": []}', '{"Values": {"PORTAGE_PORT": {}}}', "\xff"])
def test_a_broken_settings_file_is_told_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "local.settings.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(StartError, match=r"^local\.settings\.json "):
        apply_local_settings(tmp_path)


def test_a_settings_file_that_begins_with_a_byte_order_mark_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PORTAGE_PORT", "1")
    monkeypatch.delenv("PORTAGE_PORT")  # and whatever the file sets is taken back at the end
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"PORTAGE_PORT": 7075}}), "utf-8-sig")
    apply_local_settings(tmp_path)
    assert read_surroundings(tmp_path).port == 7075


@pytest.mark.parametrize("value", ["soon", "nan", "-1"])
def test_a_lease_that_is_no_length_of_time_is_told_by_name(value: str) -> None:
    with pytest.raises(StartError, match="PORTAGE_QUEUE_LEASE_SECONDS"):
        HostOptions.from_environment({"PORTAGE_QUEUE_LEASE_SECONDS": value})
