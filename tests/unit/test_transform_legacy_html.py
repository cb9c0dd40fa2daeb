"""HTML of old tasks and mails: cleaned, its text kept, its links known."""

import pytest

from shared.transform.text.legacy_html import looks_like_html, read_html
from shared.transform.text.links import Portal
from shared.transform.text.rendering import render
from shared.transform.text.tree import ATTACHED_FILE, FILE_URL, Ref

PORTAL = Portal(frozenset({"our.bitrix24.test"}))
REL = 'rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("old", "clean"),
    [
        ("<p>a<br />\r\n<b>b</b></p>", "<p>a<br>\n<b>b</b></p>"),
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
        ("a &lt;b&gt;<br>", "a &lt;b&gt;<br>"),
        ("a&#1;&#x1F;b &#58;f09f9880&#58;", "ab 😀"),
        ("&laquo;2014&raquo; &amp; R&D", "«2014» &amp; R&amp;D"),
        ('<a href="https://e.com/?a=1&amp;b=2">x</a>', f'<a href="https://e.com/?a=1&amp;b=2" {REL}>x</a>'),
        ('<a name="top">x</a> <a href="page.html">y</a>', "x y"),
        ('<div style="color:red" onclick="alert(1)" id="x" class="y">a</div>', "<div>a</div>"),
        ('<p title="x" lang="de" dir="rtl" data-x="y">a</p>', "<p>a</p>"),
        ('<font color="red"><center>a</center></font>', "a"),
        ('<p align="center">a</p><p align="evil">b</p>', '<p align="center">a</p><p>b</p>'),
        ("a<script>alert('x')</script><style>b{}</style><!-- c -->d", "ad"),
        ("<title>a</title><textarea>b</textarea><iframe>c</iframe>", "abc"),
        ("<pre>\n\n\na\n b</pre>", "<pre>a\n b</pre>"),
        ('<td colspan="2">a</td>', "a"),
        ('<table><tr><td colspan="2">a</table>', '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
        ('<img src="https://e.com/i.png" width="9" alt="cat">', '<img src="https://e.com/i.png" width="9" alt="cat">'),
        ('<img src="i.png" alt="cat"><img src="cid:1"><img src="data:image/png;base64,AA">', "cat"),
        ('<span data-entity="user" data-id="1">forged</span>', "forged"),
        (":f09f9880: [B]no BBCode[/B]", "😀 [B]no BBCode[/B]"),
    ],
)
def test_old_html_is_cleaned_and_keeps_its_text(old: str, clean: str) -> None:
    assert render(read_html(old), {}) == clean


@pytest.mark.parametrize(
    ("old", "reference", "resolved", "unresolved"),
    [
        (
            '<a href="/company/personal/user/5/"><b>Ivan</b></a>',
            Ref("user", "5"),
            '<span data-entity="user" data-id="T"><b>Ivan</b></span>',
            "<b>Ivan</b> [user 5]",
        ),
        (
            '<img src="/bitrix/tools/disk/uf.php?attachedId=973&amp;ncc=1" alt="plan">',
            Ref(ATTACHED_FILE, "973"),
            '<span data-entity="media" data-id="T">plan</span>',
            "plan [file 973]",
        ),
        (
            '<img src="https://our.bitrix24.test/upload/i.png">',
            Ref(FILE_URL, "https://our.bitrix24.test/upload/i.png"),
            '<span data-entity="media" data-id="T"></span>',
            "[file i.png]",
        ),
    ],
)
def test_links_of_old_html_are_references(old: str, reference: Ref, resolved: str, unresolved: str) -> None:
    markup = read_html(old, PORTAL)
    assert markup.references == (reference,)
    assert render(markup, {reference: "T"}) == resolved
    assert render(markup, {}) == unresolved


@pytest.mark.parametrize(
    ("text", "is_html"),
    [
        ("<b>Old</b> comment<br />", True),
        ('<A HREF="https://e.com">x</A>', True),
        ("first<BR>second", True),
        ("[B]new[/B]", False),
        ("Plain text & <not a tag>", False),
        ("5 < 6 > 4, a <- b", False),
        ("mail <ivan@example.com>", False),
    ],
)
def test_html_is_told_from_other_texts(text: str, is_html: bool) -> None:
    assert looks_like_html(text) is is_html
