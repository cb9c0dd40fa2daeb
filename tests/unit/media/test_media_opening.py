"""Pictures are decoded to know that they can be shown."""

from io import BytesIO

import pytest
from PIL import Image

from shared.media.opening import opens


def _picture(kind: str) -> bytes:
    content = BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_picture_that_is_whole_can_be_shown(kind: str) -> None:
    assert opens(BytesIO(_picture(kind))) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_was_cut_off_cannot(kind: str) -> None:
    whole = _picture(kind)
    assert opens(BytesIO(whole[: len(whole) // 2])) is not None


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x00\x01"])
def test_of_what_is_no_picture_nobody_can_tell(content: bytes) -> None:
    assert opens(BytesIO(content)) is None


def test_a_picture_of_too_many_points_is_not_tried() -> None:
    content = BytesIO()
    Image.new("1", (10_000, 8_000)).save(content, "PNG")
    assert opens(BytesIO(content.getvalue())) is None
