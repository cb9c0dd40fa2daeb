"""A plan whose switch is off, through a real host."""

from collections.abc import Iterator

import pytest

from lab.api import Api
from lab.system import UNLIMITED, System


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    settings = {"PORTAGE_DISABLED_PLANS": "bitrix24_onprem"}
    with System(tmp_path_factory.mktemp("system"), UNLIMITED, settings) as system:
        system.start_storage()
        system.start_host()
        yield system


@pytest.fixture(scope="module")
def api(system: System) -> Iterator[Api]:
    api = system.api()
    yield api
    api.close()


def test_no_run_of_it_is_started(api: Api) -> None:
    answer = api.post("/runs", {"plan": "bitrix24_onprem", "mode": "dry_run"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FLAG_DISABLED")
    assert api.get("/runs").json() == []


def test_a_preview_of_it_says_so(api: Api) -> None:
    findings = api.post("/plans/bitrix24_onprem/preview", {}).json()["findings"]
    assert [one["severity"] for one in findings if one["code"] == "preview.flag_disabled"] == ["blocker"]


def test_a_plan_that_does_not_exist_is_still_unknown(api: Api) -> None:
    assert api.post("/runs", {"plan": "nowhere", "mode": "full"}).status_code == 404
