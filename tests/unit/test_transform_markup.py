"""BBCode to HTML, by example: what each tag becomes, and what becomes of broken ones."""

import pytest

from shared.transform.text.bbcode import read_markup
from shared.transform.text.rendering import render

REL = 'rel="noopener noreferrer nofollow"'

LETTERS = [
    ("[B]a[/B] [I]b[/I] [U]c[/U] [S]d[/S]", "<b>a</b> <i>b</i> <u>c</u> <s>d</s>"),
    ("[b]lower case[/b]", "<b>lower case</b>"),
    (r"[B]escaped[\/B]", "<b>escaped</b>"),
    ("[B][B]twice[/B] once[/B] no more", "<b>twice once</b> no more"),
    ("[COLOR=#ff0000]a[/COLOR] [SIZE=14pt]b[/SIZE] [FONT=Arial]c[/FONT]", "a b c"),
]
LINKS = [
    ("[URL=https://e.com/?a=1&b=2]x[/URL]", f'<a href="https://e.com/?a=1&amp;b=2" {REL}>x</a>'),
    ('[URL="https://e.com"]x[/URL]', f'<a href="https://e.com" {REL}>x</a>'),
    ("[URL]https://e.com/путь[/URL]", f'<a href="https://e.com/путь" {REL}>https://e.com/путь</a>'),
    ("[URL=https://e.com/?a[]=1&b[k]=2]x[/URL]", f'<a href="https://e.com/?a[]=1&amp;b[k]=2" {REL}>x</a>'),
    ("[URL=www.e.com/a]x[/URL]", f'<a href="https://www.e.com/a" {REL}>x</a>'),
    ("[URL=mailto:a@e.com]x[/URL]", f'<a href="mailto:a@e.com" {REL}>x</a>'),
    ("[URL=https://e.com][B]x[/B][/URL]", f'<a href="https://e.com" {REL}><b>x</b></a>'),
    ("[URL=https://e.com][/URL]", f'<a href="https://e.com" {REL}>https://e.com</a>'),
    ("[URL=javascript:alert(1)]x[/URL]", "x"),
    ("[URL=nonsense]x[/URL]", "x"),
    ('[URL=https://e.com" onclick="x]a[/URL]', "a"),
    ("[VIDEO TYPE=YOUTUBE WIDTH=4]https://v.com/1[/VIDEO]", f'<a href="https://v.com/1" {REL}>https://v.com/1</a>'),
    ("[CALL=+7 (495) 123]call[/CALL]", f'<a href="tel:+7495123" {REL}>call</a>'),
    ("[CALL]112[/CALL]", f'<a href="tel:112" {REL}>112</a>'),
    ("[SEND=/help]Help[/SEND] [PUT=/find me][/PUT]", "Help /find me"),
]
PICTURES = [
    ("[IMG]https://e.com/i.png[/IMG]", '<img src="https://e.com/i.png" alt="">'),
    (
        "[IMG WIDTH=120 HEIGHT=80]https://e.com/i.png [/IMG]",
        '<img src="https://e.com/i.png" alt="" width="120" height="80">',
    ),
    ("[IMG]data:image/png;base64,AA[/IMG]", "data:image/png;base64,AA"),
    (
        "[ICON=https://e.com/i.png size=20 title=smile]",
        '<img src="https://e.com/i.png" alt="smile" width="20" height="20">',
    ),
    ("[ICON=nowhere title=smile] :)", "smile :)"),
]
BLOCKS = [
    ("a\r\nb\n\nc[BR]d", "a<br>b<br><br>c<br>d"),
    ("[QUOTE]\nx\n[/QUOTE]\ny", "<blockquote>x</blockquote>y"),
    ("[QUOTE=Ivan]x[QUOTE]y[/QUOTE][/QUOTE]", "<blockquote><cite>Ivan</cite>x<blockquote>y</blockquote></blockquote>"),
    ("[CODE]if (a < b) {\n  '[B]no[/B]';\n}[/CODE]", "<pre><code>if (a &lt; b) {\n  '[B]no[/B]';\n}</code></pre>"),
    ("[LIST]\r\n[*]a\r\n[*]b\r\n[/LIST]\r\nc", "<ul><li>a</li><li>b</li></ul>c"),
    ("[LIST=1][*]a[LIST][*]b[/LIST][*]c[/LIST]", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
    (
        "[TABLE]\n[TR]\n[TH]a[/TH]\n[TD]b[/TD][/TR]\n[/TABLE]",
        "<table><tbody><tr><th>a</th><td>b</td></tr></tbody></table>",
    ),
    ("[CENTER]x[/CENTER] [right]y[/right]", '<div align="center">x</div> <div align="right">y</div>'),
    ("[P]x[/P][P]y[/P]", "<p>x</p><p>y</p>"),
    ("[SPOILER=More of it]x[/SPOILER]", "<details><summary>More of it</summary>x</details>"),
    ("[SPOILER]x[/SPOILER]", "<details>x</details>"),
    (
        "[TIMESTAMP=1645844720 FORMAT=SHORT_TIME_FORMAT]",
        '<time datetime="2022-02-26T03:05:20Z">2022-02-26 03:05 UTC</time>',
    ),
]
TEXT = [
    ("a < b & c > d \"e\" 'f'", "a &lt; b &amp; c &gt; d \"e\" 'f'"),
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("array[0] [unknown=1]x[/unknown] [", "array[0] [unknown=1]x[/unknown] ["),
    ("[*] no list, [TD]no table[/TD], [USER]nobody[/USER]", "[*] no list, [TD]no table[/TD], [USER]nobody[/USER]"),
    ("[TIMESTAMP=soon] [DISK FILE ID=x] [IMG]", "[TIMESTAMP=soon] [DISK FILE ID=x] [IMG]"),
    ("  :f09f9880: \n", "😀"),
    ("", ""),
]
BROKEN = [
    ("[B]never closed\n[I]nor this", "<b>never closed<br><i>nor this</i></b>"),
    ("never opened[/I][/QUOTE] x", "never opened[/I][/QUOTE] x"),
    ("[B]a[I]b[/B]c[/I]", "<b>a<i>b</i></b><i>c</i>"),
    ("[QUOTE][B]a[/QUOTE]b", "<blockquote><b>a</b></blockquote>b"),
    ("[B][QUOTE]a[/B]b[/QUOTE]c", "<blockquote><b>a</b>b</blockquote>c"),
    ("[QUOTE][LIST][*]a[/QUOTE]b[/LIST]", "<blockquote><ul><li>a</li></ul></blockquote>b"),
    ("[LIST]a[*]b", "<ul><li>a</li><li>b</li></ul>"),
    ("[TABLE]a[TR]b[TD]c", "<table><tbody><tr><td>a</td></tr><tr><td>b</td><td>c</td></tr></tbody></table>"),
    ("[TABLE][TD]a[TD]b[/TABLE]", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"),
    ("[P]a[QUOTE]b[/QUOTE]c[/P]", "<p>a</p><blockquote>b</blockquote>c"),
    ("[URL=https://e.com]a [B]b", f'<a href="https://e.com" {REL}>https://e.com</a>a <b>b</b>'),
    ("[COLOR=red[B]x][/B]", "[COLOR=red<b>x]</b>"),
    ("[CODE]never closed [B]b[/B]", "[CODE]never closed <b>b</b>"),
    ("[IMG]https://e.com/i.png", "[IMG]https://e.com/i.png"),
]


@pytest.mark.parametrize(
    ("bbcode", "html"), [*LETTERS, *LINKS, *PICTURES, *BLOCKS, *TEXT, *BROKEN], ids=lambda value: value[:40]
)
def test_bbcode_becomes_html(bbcode: str, html: str) -> None:
    assert render(read_markup(bbcode), {}) == html
