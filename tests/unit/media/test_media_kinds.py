"""What a file is, told by its first bytes."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.media.kinds import HTML, OLE, SNIFFED, TEXT, UNKNOWN, ZIP, is_kind, kind_of, settled

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"


def a_zip(**entries: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a\x01\x00", "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00" + bytes(36), "image/bmp"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "video/mp4"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00", "audio/mp4"),
        (b"ID3\x04\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64\x00", "audio/mpeg"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", OLE),
        (a_zip(), ZIP),
        (a_zip(**{"a.txt": "x"}), ZIP),
        (a_zip(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}), DOCX),
        (a_zip(**{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>"}), XLSX),
        (a_zip(**{"mimetype": ODT, "content.xml": "<x/>"}), ODT),
        (a_zip(**{"mimetype": "<no type>", "content.xml": "<x/>"}), ZIP),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (
            b'<?xml version="1.0"?>\n<!-- made by hand -->\n<!DOCTYPE svg PUBLIC "x" "y" [<!ENTITY a "b">]>\n<svg>',
            "image/svg+xml",
        ),
        (b"<!DOCTYPE html><html>", HTML),
        (b"\xef\xbb\xbf\r\n <!-- x --><HTML lang='ru'>", HTML),
        ("<html><title>Вход</title>".encode("cp1251"), HTML),
        (b"\xff\xfe" + "<html>".encode("utf-16-le"), HTML),
        ("Отчёт за март".encode(), TEXT),
        (b"\xff\xfe" + "Отчёт".encode("utf-16-le"), TEXT),
        (b"a;b\r\n1;2\r\n", TEXT),
        (b"BMW and Audi are makers of cars", TEXT),
        (b"<htmlish> is not a tag", TEXT),
        ("Отчёт за март".encode("cp1251"), None),
        (b"\x00\x01\x02\x03", None),
        (b"II*\x00\x08\x00\x00\x00", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_kind(head: bytes, kind: str | None) -> None:
    assert kind_of(head[:SNIFFED]) == kind


def test_a_text_cut_inside_a_letter_is_still_text() -> None:
    assert kind_of(("a" + "ж" * SNIFFED).encode()[:SNIFFED]) == TEXT


@given(st.binary(max_size=SNIFFED) | st.text(max_size=SNIFFED // 4).map(str.encode))
def test_any_bytes_have_a_kind_or_none(head: bytes) -> None:
    assert settled(kind_of(head), "")


@pytest.mark.parametrize("start", [b"<!doctype svg", b"<!--", b"<?xml", b"<!doctype svg ["])
def test_markup_that_never_ends_is_text(start: bytes) -> None:
    assert kind_of((start + b" " * SNIFFED)[:SNIFFED]) == TEXT


@pytest.mark.parametrize(
    ("found", "declared", "kind"),
    [
        ("image/png", "image/png", "image/png"),
        ("image/png", "Image/PNG; charset=x", "image/png"),
        ("image/jpeg", "image/png", "image/jpeg"),
        ("image/png", "", "image/png"),
        ("image/png", "application/octet-stream", "image/png"),
        ("image/png", "application/force-download", "image/png"),
        ("image/png", "text/html; charset=UTF-8", "image/png"),
        (None, "", UNKNOWN),
        (None, "no type at all", UNKNOWN),
        (None, "image/tiff", "image/tiff"),
        (None, "text/plain; charset=windows-1251", "text/plain"),
        (ZIP, DOCX, DOCX),
        (DOCX, "application/msword", DOCX),
        (OLE, "application/msword", "application/msword"),
        (OLE, "application/vnd.ms-excel", "application/vnd.ms-excel"),
        (TEXT, "text/csv", "text/csv"),
        (TEXT, "application/json", "application/json"),
        (TEXT, "image/svg+xml", "image/svg+xml"),
        (TEXT, "text/html", HTML),
        (HTML, "application/vnd.ms-excel", HTML),
        ("video/mp4", "audio/mp4", "video/mp4"),
    ],
)
def test_the_bytes_win_and_the_declaration_makes_them_precise(found: str | None, declared: str, kind: str) -> None:
    assert settled(found, declared) == kind


@pytest.mark.parametrize(
    ("found", "declared"),
    [
        (None, "image/png"),
        (None, "application/pdf"),
        (HTML, "image/png"),
        (TEXT, "image/tiff"),
        ("application/pdf", "image/jpeg"),
        ("image/png", "application/pdf"),
        (ZIP, "video/mp4"),
        ("image/png", "audio/mpeg"),
    ],
)
def test_bytes_and_declaration_can_contradict_each_other(found: str | None, declared: str) -> None:
    assert settled(found, declared) is None


def test_a_family_stands_for_all_its_kinds() -> None:
    assert is_kind("image/png", "image/")
    assert is_kind("image/png", "image/png")
    assert not is_kind("image/png", "image/p")
    assert not is_kind("text/plain", "image/")
