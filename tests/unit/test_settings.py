"""Settings from the environment."""

import json
from pathlib import Path

import pytest

from shared.settings.layers import Rows, combined, describe_wrong, of_environment
from shared.settings.model import SettingsError, load


def rows_of(**environment: str) -> Rows:
    return combined([of_environment(environment)]).rows


SECRET = "https://portal.example/rest/1/verysecretcode/"


def test_defaults_hold_without_any_environment() -> None:
    settings = load({})
    assert (settings.source_rate, settings.halt_after_seconds, settings.webhooks) == (2.0, 900.0, ())


def test_several_webhooks_are_separated_by_commas() -> None:
    settings = load({"PORTAGE_BITRIX24_WEBHOOK_URLS": f"{SECRET}, https://portal.example/rest/2/othersecret/,"})
    assert settings.webhooks == (SECRET, "https://portal.example/rest/2/othersecret/")


def test_hosts_of_files_are_separated_by_commas() -> None:
    assert load({"PORTAGE_MEDIA_HOSTS": "cdn.example.com, .files.example,"}).file_hosts == (
        "cdn.example.com",
        ".files.example",
    )


def test_an_empty_value_counts_as_unset() -> None:
    assert load({"PORTAGE_SOURCE_RATE": "  "}).source_rate == 2.0


def test_a_relative_folder_of_tables_lies_in_the_app_wherever_the_process_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tables = load({"PORTAGE_PLAN_TABLES": "plans/bitrix24_onprem"}).plan_tables
    assert tables == Path(__file__).parents[2] / "plans/bitrix24_onprem"


def test_an_absolute_folder_of_tables_is_taken_as_it_is(tmp_path: Path) -> None:
    assert load({"PORTAGE_PLAN_TABLES": str(tmp_path)}).plan_tables == tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAGE_SOURCE_RATE", "fast"),
        ("PORTAGE_PLAN_TABLES", "no/such/folder"),
        ("PORTAGE_SOURCE_RATE", "inf"),
        ("PORTAGE_SOURCE_BURST", "0"),
        ("PORTAGE_HALT_AFTER_SECONDS", "-1"),
        ("PORTAGE_GATEWAY_URL", "gateway.example/webhook/1/secretsecret"),
        ("PORTAGE_BITRIX24_WEBHOOK_URLS", "ftp://portal/rest/1/secretsecret"),
        ("PORTAGE_BITRIX24_WEBHOOK_URLS", "https://[secretsecret]/rest/1/x/"),
        ("PORTAGE_BITRIX24_WEBHOOK_URLS", "https://portal:secretsecret/rest/1/x/"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        load({name: value})
    assert "secretsecret" not in str(caught.value)


def test_no_secret_shows_in_a_repr_or_in_the_doctors_table() -> None:
    snapshot = combined(
        [of_environment({"PORTAGE_BITRIX24_WEBHOOK_URLS": SECRET, "AzureWebJobsStorage": "AccountKey=verysecretcode"})]
    )
    assert "verysecretcode" not in repr(snapshot) + json.dumps(snapshot.rows)


def test_the_doctor_tells_where_a_value_comes_from() -> None:
    rows = {row["name"]: row for row in rows_of(PORTAGE_SOURCE_RATE="5")}
    assert rows["PORTAGE_SOURCE_RATE"] == {"name": "PORTAGE_SOURCE_RATE", "value": "5.0", "source": "environment"}
    assert rows["PORTAGE_SOURCE_BURST"]["source"] == "default"


def test_every_wrong_value_is_named_with_what_was_expected() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"PORTAGE_SOURCE_RATE": "abc", "PORTAGE_GATEWAY_URL": "no address"})
    assert set(caught.value.wrong) == {"PORTAGE_SOURCE_RATE", "PORTAGE_GATEWAY_URL"}
    assert caught.value.wrong["PORTAGE_GATEWAY_URL"] == "expected http(s)://…"


def test_a_wrong_value_is_listed_among_the_others_and_not_shown() -> None:
    environment = {"PORTAGE_GATEWAY_URL": "secretsecret", "PORTAGE_SOURCE_RATE": "5"}
    with pytest.raises(SettingsError) as caught:
        load(environment)
    rows = {row["name"]: row["value"] for row in describe_wrong(caught.value, environment)}
    assert (rows["PORTAGE_GATEWAY_URL"], rows["PORTAGE_SOURCE_RATE"]) == ("not usable (hidden)", "5.0")


def test_a_connection_by_identity_is_listed_with_what_it_is_made_of() -> None:
    rows = rows_of(AzureWebJobsStorage__accountName="portagedev", PORTAGE_STORAGE__blobServiceUri="https://raw.example")
    assert [row for row in rows if "__" in str(row["name"])] == [
        {"name": "AzureWebJobsStorage__accountName", "value": "portagedev", "source": "environment"},
        {"name": "PORTAGE_STORAGE__blobServiceUri", "value": "https://raw.example", "source": "environment"},
    ]


def test_plans_that_are_switched_off_are_separated_by_commas() -> None:
    assert load({"PORTAGE_DISABLED_PLANS": "one, two,"}).disabled_plans == {"one", "two"}
