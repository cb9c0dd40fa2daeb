"""Settings of the gateway out of the environment."""

from pathlib import Path

import pytest

from gateway.settings import Limit, SettingsError, load

CODES = {"GATEWAY_CODES": "7:s3cret"}


def test_only_the_codes_have_to_be_set() -> None:
    settings = load(CODES)
    assert (settings.host, settings.port, settings.strict, settings.methods) == ("127.0.0.1", 8090, True, None)
    assert settings.store == "sqlite:///.local/gateway.db"
    assert settings.media == Path(".local/gateway-media")


def test_several_codes_may_overlap() -> None:
    codes = load({"GATEWAY_CODES": "7:old:1700000000, 7:new ,8:other"}).codes
    assert [(one.user, one.code, one.expires) for one in codes] == [
        ("7", "old", 1_700_000_000.0),
        ("7", "new", None),
        ("8", "other", None),
    ]


def test_a_code_does_not_show() -> None:
    assert "s3cret" not in repr(load(CODES))


def test_a_store_may_be_named_from_the_root() -> None:
    assert load({**CODES, "GATEWAY_STORE": "sqlite:////var/lib/x.db"}).store == "sqlite:////var/lib/x.db"


def test_limits_replace_those_of_the_contract() -> None:
    text = '{"import.users.batch": {"max_items": 500, "per_minute": 60}}'
    assert load({**CODES, "GATEWAY_LIMITS": text}).limits == {"import.users.batch": Limit(500, 60)}


NONSENSE = [
    ("GATEWAY_CODES", ""),
    ("GATEWAY_CODES", "s3cret"),
    ("GATEWAY_CODES", "7:"),
    ("GATEWAY_CODES", "7:s3cret:tomorrow"),
    ("GATEWAY_CODES", "7:s3cret:1:2"),
    ("GATEWAY_PORT", "0"),
    ("GATEWAY_PORT", "http"),
    ("GATEWAY_STORE", "mysql://user:s3cret@host/db"),
    ("GATEWAY_STORE", "/var/lib/x.db"),
    ("GATEWAY_STORE", "sqlite:///"),
    ("GATEWAY_TLS_CERT", "cert.pem"),
    ("GATEWAY_IP_ALLOW", "10.0.0.0/33"),
    ("GATEWAY_TRUSTED_PROXIES", "proxy"),
    ("GATEWAY_STRICT", "treu"),
    ("GATEWAY_RATE_FACTOR", "0"),
    ("GATEWAY_RATE_FACTOR", "inf"),
    ("GATEWAY_LIMITS", "100"),
    ("GATEWAY_LIMITS", '{"import.users.batch": 5}'),
    ("GATEWAY_LIMITS", '{"import.users.batch": {"max_items": 0, "per_minute": 1}}'),
    ("GATEWAY_MAX_BYTES", "5MB"),
    ("GATEWAY_MAX_MEDIA_BYTES", "0"),
    ("GATEWAY_MAX_TEXT", "-1"),
]


@pytest.mark.parametrize(("name", "value"), NONSENSE)
def test_a_value_that_makes_no_sense_is_named_and_a_secret_is_not(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load({**CODES, name: value})
    assert name in str(refusal.value)
    assert "s3cret" not in str(refusal.value)
