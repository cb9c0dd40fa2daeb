"""Which addresses files may come from."""

from ipaddress import IPv4Address, ip_network

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.media.addresses import AllowedSources, is_public
from shared.model.errors import RecordRejected

PORTAL = "http://127.0.0.1:8081/rest/1/s3cr3tcode/"
ALLOWED = AllowedSources.of([".bitrix24.com", "files.example.com", "9.9.9.9", "2606:4700:0::1111"], [PORTAL])


def resolving(*addresses: str) -> AllowedSources:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return AllowedSources.of([".bitrix24.com"], ["https://portal.example.com/rest/1/s3cr3tcode/"], resolve)


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.bitrix24.com/rest/download.json?token=disk",
        "https://cdn.eu.bitrix24.com/photo.png",
        "http://files.example.com:8080/a",
        "https://FILES.Example.COM./a",
        "https://files。example.com/a",
        "https://9.9.9.9/a",
        "https://[2606:4700::1111]/a",
        "http://127.0.0.1:8081/rest/download.json",
    ],
)
def test_allowed_hosts_are_admitted(url: str) -> None:
    assert ALLOWED.admit(url).path == httpx.URL(url).path


def test_an_admitted_link_has_its_host_in_normal_form() -> None:
    assert str(ALLOWED.admit("HTTPS://Files.Example.COM.:443/a?b=%20c")) == "https://files.example.com/a?b=%20c"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://bitrix24.com/",
        "https://evilbitrix24.com/",
        "https://acme.bitrix24.com.evil.example/",
        "https://a.files.example.com/",
        "https://8.8.8.8/",
    ],
)
def test_other_hosts_are_refused(url: str) -> None:
    with pytest.raises(RecordRejected, match="not among the allowed hosts"):
        ALLOWED.admit(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:8082/",
        "http://localhost:8081/",
        "http://[::ffff:127.0.0.1]:8081/",
        "http://0.0.0.0:8081/",
    ],
)
def test_only_the_very_host_and_port_of_the_portal_are_trusted(url: str) -> None:
    with pytest.raises(RecordRejected, match="not among the allowed hosts"):
        ALLOWED.admit(url)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "1.2.3", "a.0x1", "127.0.0.1.2"]
)
def test_numbers_in_odd_spellings_are_no_hosts(host: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        AllowedSources.of([".example.com"], ["http://127.0.0.1/"]).admit(f"http://{host}/")
    assert caught.value.reason.code == "media.address_refused"
    with pytest.raises(ValueError, match="neither"):
        AllowedSources.of([host])


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.bitrix24.com@evil.example/",
        "https://evil.example\\@acme.bitrix24.com/",
        "https://user:pass@acme.bitrix24.com/",
        "https://evil.example%00.bitrix24.com/",
        "https://evil.example%2f.bitrix24.com/",
        "https://evil.example#.bitrix24.com/",
        "https://evil.example?.bitrix24.com/",
        "https://acme.bitrix24.com\n.evil.example/",
        "https://evil example.bitrix24.com/",
        "https://[fe80::1%25eth0]/",
        "https://acme.bitrix24.com:0/",
        "https://acme.bitrix24.com:99999/",
        "https://acme.bitrix24.com:x/",
        "https://.bitrix24.com/",
        "https://a..bitrix24.com/",
        "https:///acme.bitrix24.com/",
        "//acme.bitrix24.com/",
        "/rest/download.json",
        "ftp://acme.bitrix24.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/plain,x",
        "",
        "https://" + "a" * 300 + ".bitrix24.com/",
    ],
)
def test_tricks_are_refused(url: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        ALLOWED.admit(url)
    assert caught.value.reason.code == "media.address_refused"


@given(st.text(max_size=80))
def test_any_text_is_admitted_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}.bitrix24.com/", f"https://acme.bitrix24.com{text}"):
        try:
            admitted = ALLOWED.admit(url)
        except RecordRejected:
            continue
        assert admitted.host.endswith(".bitrix24.com") or admitted.host in ("files.example.com", "9.9.9.9", "127.0.0.1")


def test_a_refusal_does_not_quote_the_link() -> None:
    with pytest.raises(RecordRejected) as caught:
        ALLOWED.admit("https://u:s3cr3tcode@evil.example/rest/1/s3cr3tcode/?token=s3cr3tcode")
    assert "s3cr3tcode" not in str(caught.value)


def test_what_is_trusted_is_kept_without_its_secret() -> None:
    assert "s3cr3tcode" not in repr(ALLOWED)


@pytest.mark.parametrize("pattern", ["", ".", ".com", "*.example.com", "https://example.com", "example.com/", "a b"])
def test_a_pattern_that_means_too_much_or_nothing_is_a_mistake(pattern: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        AllowedSources.of([pattern])


def test_a_trusted_link_that_makes_no_sense_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="trusted"):
        AllowedSources.of([], ["portal/rest/1/s3cr3tcode"])


NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001:0:1::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_a_public_address_is_known(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_as_public_as_the_one_it_holds(address: IPv4Address) -> None:
    assert is_public(f"::ffff:{address}") == is_public(f"64:ff9b::{address}") == is_public(str(address))


@given(
    st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4"]).flatmap(
        lambda network: st.integers(0, ip_network(network).num_addresses - 1).map(lambda n: str(ip_network(network)[n]))
    )
)
def test_no_address_of_a_private_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_name_at_such_an_address_is_refused(address: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        await resolving(address).addresses("cdn.bitrix24.com", 443)
    assert caught.value.reason.code == "media.private_address"


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(RecordRejected):
        await resolving("8.8.8.8", "10.0.0.1").addresses("cdn.bitrix24.com", 443)


async def test_public_addresses_keep_their_order() -> None:
    assert await resolving("2606:4700::1111", "8.8.8.8").addresses("a.bitrix24.com", 443) == [
        "2606:4700::1111",
        "8.8.8.8",
    ]


async def test_the_portal_itself_may_be_private_on_its_own_port_only() -> None:
    sources = resolving("10.0.0.1")
    assert await sources.addresses("portal.example.com", 443) == ["10.0.0.1"]
    with pytest.raises(RecordRejected):
        await sources.addresses("portal.example.com", 80)


async def test_an_address_needs_no_resolving() -> None:
    assert await resolving("10.0.0.1").addresses("8.8.8.8", 443) == ["8.8.8.8"]


async def test_names_of_this_machine_resolve_for_real() -> None:
    with pytest.raises(RecordRejected):
        await AllowedSources.of(["localhost"]).addresses("localhost", 80)
