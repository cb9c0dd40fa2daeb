"""Reading back what was imported (contract §4): count, read, list, schema check."""

from collections.abc import Iterator

import pytest

from tests.unit.gateway.gateway_process import NOW, Json, RunningGateway, checksum, item, running, user

IDS = ["10", "2", "9", "a", "Z", "я", "🙂", "ﬀ", "1 1", "128:1", "~", "f7"]


@pytest.fixture(scope="module")
def gateway(gateway_store: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with some departments of its own, two of which were not imported."""
    with running(tmp_path_factory.mktemp("readback"), gateway_store) as process:
        process.write("department", *(item("department", one, {"name": one}) for one in IDS))
        for _ in range(2):
            process.sql(
                "INSERT INTO records (entity, checksum, key, data, run_id, action) "
                "VALUES ('department', 'x', '', '{\"name\": \"Own\"}', '', '')"
            )
        yield process


def _pages(gateway: RunningGateway, method: str, limit: int, **call: Json) -> list[Json]:
    items: list[Json] = []
    after: str | None = ""
    while after is not None:
        page = gateway.ask(method, {**call, "after": after, "limit": limit})
        assert len(page["items"]) <= limit
        items += page["items"]
        after = page["next"]
    return items


def test_imported_and_foreign_records_are_counted_apart(gateway: RunningGateway) -> None:
    assert gateway.ask("import.count", {"entity": "department"}) == {"count": len(IDS), "foreign": 2}
    assert gateway.ask("import.count", {"entity": "deal"}) == {"count": 0, "foreign": 0}


def test_a_record_is_read_whole_and_unknown_ids_are_left_out(gateway: RunningGateway) -> None:
    answer = gateway.ask("import.read", {"entity": "department", "source_ids": ["я", "no", "2"]})
    assert [(one["source_id"], one["checksum"], one["data"]) for one in answer["items"]] == [
        ("я", checksum({"name": "я"}), {"name": "я"}),
        ("2", checksum({"name": "2"}), {"name": "2"}),
    ]
    assert all(one.keys() == {"source_id", "target_id", "checksum", "data"} for one in answer["items"])


def test_a_hundred_ids_are_read_at_once(gateway: RunningGateway) -> None:
    answer = gateway.ask("import.read", {"entity": "department", "source_ids": ["2", *map(str, range(1000, 1099))]})
    assert len(answer["items"]) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, len(IDS), len(IDS) + 1, len(IDS) + 2, 1000])
def test_pages_of_any_length_list_everything_bytewise_with_foreign_records_last(
    gateway: RunningGateway, limit: int
) -> None:
    items = _pages(gateway, "import.list", limit, entity="department")
    assert [one["source_id"] for one in items] == [*sorted(IDS, key=str.encode), None, None]
    assert all(one.keys() == {"source_id", "target_id", "checksum"} for one in items)
    assert len({one["target_id"] for one in items}) == len(IDS) + 2


def test_a_list_goes_on_after_a_source_id_that_is_not_there(gateway: RunningGateway) -> None:
    page = gateway.ask("import.list", {"entity": "department", "after": "3", "limit": 1})
    assert [one["source_id"] for one in page["items"]] == ["9"]


def test_a_list_has_its_defaults(gateway: RunningGateway) -> None:
    everything = gateway.ask("import.list", {"entity": "department"})
    assert len(everything["items"]) == len(IDS) + 2
    assert everything["next"] is None
    assert gateway.ask("import.list", {"entity": "department", "after": None, "limit": None}) == everything


def test_a_longer_page_than_the_gateway_gives_is_cut(gateway: RunningGateway) -> None:
    for start in range(0, 1050, 50):
        gateway.write("company", *(item("company", f"{n:05}", {"title": "C"}) for n in range(start, start + 50)))
    page = gateway.ask("import.list", {"entity": "company", "after": "", "limit": 5000})
    assert (len(page["items"]), page["next"]) == (1000, "00999")


@pytest.mark.parametrize(
    "after", ["\u0000", "\u007fforeign:", "\u007fforeign:x", "\u007fforeign:" + "9" * 30, "\U0010ffff"]
)
def test_a_position_nobody_gave_out_is_no_error_of_the_gateway(gateway: RunningGateway, after: str) -> None:
    assert gateway.post("import.list", {"entity": "department", "after": after}).status_code == 200


def test_the_list_shows_the_checksum_of_the_current_version(gateway: RunningGateway) -> None:
    gateway.create("user", "1", **user(1))
    gateway.write("user", item("user", "1", user(1, name="Anna")))
    (listed,) = gateway.ask("import.list", {"entity": "user"})["items"]
    assert listed["checksum"] == checksum(user(1, name="Anna"))


def test_a_target_that_takes_any_custom_field_and_code_lacks_nothing(gateway: RunningGateway) -> None:
    check = {"entity": "deal", "custom": ["UF_CRM_1"], "codes": {"stage_id": ["NEW", "WON"], "category_id": ["0"]}}
    assert gateway.ask("import.schema.check", check) == {"missing": []}
    assert gateway.ask("import.schema.check", {"entity": "deal"}) == {"missing": []}


def test_an_entity_without_custom_fields_lacks_those_that_are_asked_for(gateway: RunningGateway) -> None:
    check = {"entity": "department", "custom": ["UF_A"], "codes": {"stage_id": ["NEW"]}}
    assert gateway.ask("import.schema.check", check) == {"missing": ["UF_A", "stage_id:NEW"]}


def test_a_choice_that_the_contract_does_not_name_is_lacking(gateway: RunningGateway) -> None:
    check = {"entity": "task", "codes": {"status": ["pending", "lost"], "priority": ["high"]}}
    assert gateway.ask("import.schema.check", check) == {"missing": ["status:lost"]}


def test_what_is_read_back_can_be_sent_again(gateway: RunningGateway) -> None:
    owner = gateway.create("user", "2", **user(2))
    gateway.create("feed_post", "1", author_id=owner, published_at=NOW, body_html="x", audience=None)
    record = gateway.read("feed_post", "1")["1"]
    assert len(gateway.write("feed_post", item("feed_post", "1", record["data"]))["duplicate"]) == 1
