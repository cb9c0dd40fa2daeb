"""Queue messages on the wire."""

import pytest
from azure.functions import QueueMessage, meta
from azure.functions.queue import QueueMessageOutConverter

from lab.devhost.queues.wire import UndecodableMessageError, decode_body, encode_body, output_bodies, trigger_data


@pytest.mark.parametrize("base64_encoding", [True, False])
def test_a_body_comes_back_as_it_was_sent(base64_encoding: bool) -> None:
    body = "Привет <&>".encode()
    assert decode_body(encode_body(body, base64_encoding=base64_encoding), base64_encoding=base64_encoding) == body


@pytest.mark.parametrize(("size", "base64_encoding"), [(49_153, True), (65_537, False)])
def test_a_message_beyond_64_kib_on_the_wire_is_refused(size: int, base64_encoding: bool) -> None:
    with pytest.raises(ValueError, match="65536"):
        encode_body(b"x" * size, base64_encoding=base64_encoding)
    assert encode_body(b"x" * (size - 1), base64_encoding=base64_encoding)


def test_text_that_is_not_base64_is_undecodable() -> None:
    with pytest.raises(UndecodableMessageError):
        decode_body("<not base64>", base64_encoding=True)


def test_a_body_that_is_not_text_reaches_the_function_as_bytes() -> None:
    assert (trigger_data(b"\xff\xfe").type, trigger_data(b"text").type) == ("bytes", "string")


@pytest.mark.parametrize(
    ("value", "bodies"),
    [
        ("one", [b"one"]),
        (b"one", [b"one"]),
        (["one", "two"], [b"one", b"two"]),
        (QueueMessage(body="one"), [b"one"]),
        ([QueueMessage(body="one"), QueueMessage(body="two")], [b"one", b"two"]),
    ],
)
def test_an_output_value_is_one_message_or_one_per_item(value: object, bodies: list[bytes]) -> None:
    datum: meta.Datum = QueueMessageOutConverter.encode(value, expected_type=None)
    assert output_bodies(datum) == bodies
