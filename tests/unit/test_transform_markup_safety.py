"""Nothing that runs gets through, nothing that was visible is lost, whatever the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.transform.text.bbcode import read_markup
from shared.transform.text.characters import normalise
from shared.transform.text.legacy_html import read_html
from shared.transform.text.links import Portal
from shared.transform.text.rendering import render
from shared.transform.text.sanitise import TAGS, sanitise
from shared.transform.text.tags import KNOWN
from shared.transform.text.tree import FILE_URL
from tests.unit.html_reading import dangers, seen

PORTAL = Portal(frozenset({"our.test"}))

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://x.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>alert(1);//<</script>",
    '<img src=x onerror=alert(1)//><img src="javascript:alert(1)">',
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "<img src=`javascript:alert(1)`>",
    '<img src="jav&#x09;ascript:alert(1)"><img src=" &#14; javascript:alert(1)">',
    "<img src=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>",
    '<img/src="x"/onerror=alert(1)><img src=x:alert(alt) onerror=eval(src) alt=0>',
    '<img srcset="x.test 1x" lowsrc="javascript:alert(1)" dynsrc="javascript:alert(1)">',
    '<a href="javascript:alert(1)">x</a><a href="JaVaScRiPt:alert(1)">x</a><a href="&#1;javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a><a href="java\tscript:alert(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a><a href="vbscript:msgbox(1)">x</a>',
    '<a href="https://x.test" onmouseover="alert(1)" style="background:url(javascript:1)" target=_blank>x</a>',
    "<svg onload=alert(1)><svg><script>alert(1)</script></svg><svg><animate onbegin=alert(1) attributeName=x>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<iframe src=javascript:alert(1)></iframe><iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=data:text/html,x></object><embed src=x.swf><applet code=x></applet>",
    '<meta http-equiv="refresh" content="0;url=javascript:alert(1)"><base href="javascript:alert(1)//">',
    '<link rel=stylesheet href=x.css><style>@import "x.css";</style><style>body{background:url(x)}</style>',
    "<body onload=alert(1)><div onwheel=alert(1)>x</div><input autofocus onfocus=alert(1)><video onerror=alert(1)>",
    '<form action="javascript:alert(1)"><button formaction="javascript:alert(1)">x</button></form>',
    "<details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>",
    "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
    "<textarea></textarea><script>alert(1)</script></textarea><title><img src=x onerror=alert(1)></title>",
    "<template><script>alert(1)</script></template><![CDATA[<script>alert(1)</script>]]><?php alert(1) ?>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]--><!--><img src=x onerror=alert(1)>",
    '<div style="width:expression(alert(1))"><div style=background-image:url(javascript:alert(1))>',
    "</p></div></td><script>alert(1)</script>",
    '[URL=javascript:alert(1)]x[/URL][URL="javascript:alert(1)"]x[/URL][URL]javascript:alert(1)[/URL]',
    "[URL=JaVa\tScRiPt:alert(1)]x[/URL][URL= javascript:alert(1)]x[/URL][URL=&#106;avascript:alert(1)]x[/URL]",
    "[URL=data:text/html,<script>alert(1)</script>]x[/URL][URL=vbscript:x]x[/URL][URL=file:///etc/passwd]x[/URL]",
    '[URL=https://x.test" onclick="alert(1)]x[/URL][URL=https://x.test"><script>alert(1)</script>]x[/URL]',
    '[IMG]javascript:alert(1)[/IMG][IMG]https://x.test/i.png" onerror="alert(1)[/IMG][IMG]data:image/svg+xml,x[/IMG]',
    '[IMG WIDTH="1 onload=alert(1)" HEIGHT=1"onload=alert(1)]https://x.test/i.png[/IMG]',
    '[ICON=https://x.test/i.png title="x\' onload=alert(1)"][ICON=javascript:alert(1) title=<script>]',
    '[VIDEO]javascript:alert(1)[/VIDEO][VIDEO TYPE=FLV]https://x.test/"onload="alert(1)[/VIDEO]',
    '[COLOR=red;background:url(javascript:alert(1))]x[/COLOR][FONT=x"onload=alert(1)]x[/FONT][SIZE=expression(1)]x[/SIZE]',
    '[QUOTE="><script>alert(1)</script>]x[/QUOTE][SPOILER=<img src=x onerror=alert(1)>]x[/SPOILER]',
    '[USER=1"onclick="alert(1)]x[/USER][USER=1 onclick=alert(1)]<img src=x onerror=alert(1)>[/USER]',
    "[CALL=javascript:alert(1)]x[/CALL][SEND=<script>][/SEND][PUT=javascript:alert(1)][/PUT]",
    "[CODE]</code></pre><script>alert(1)</script>[/CODE][TABLE onload=alert(1)][TR][TD style=x]x[/TABLE]",
    "[URL=https://x.test/[B]onmouseover=alert(1)[/B]]x[/URL][IMG][URL=https://x.test]onerror=alert(1)[/URL][/IMG]",
    '[URL=http://our.test/crm/deal/details/1/?"onclick=alert(1)]x[/URL] https://our.test/crm/deal/details/1/<script>',
]

REPEATED = [
    *("[B]", "[/B]", "[B][I]x[/B]y[/I]", "[QUOTE]", "[P]x", "[CODE]", "[*]", "[LIST][*]", "[LIST][*][QUOTE]"),
    *("[TABLE][TR][TD]", "[URL=x]", "[URL=[a]", "[URL]x", "[USER=1]", "[IMG]", '[IMG A="', "["),
    *("<div>", "<ul><li>", "<b><p>", "<"),
]

pieces = st.one_of(
    st.sampled_from(sorted(KNOWN)).flatmap(
        lambda name: st.sampled_from(
            [f"[{name}]", f"[/{name}]", f"[{name}=1]", f"[{name}=https://our.test/company/personal/user/5/]"]
        )
    ),
    st.sampled_from(
        ["[DISK FILE ID=n5]", "[IMG]https://e.test/i[/IMG]", "[CODE][B][/CODE]", "\n", " ", "[", "]", "<b>"]
    ),
    st.sampled_from([f"<{name}>" for name in sorted(TAGS)] + ["</p>", "</div>", "<x y='", "<a href='//our.test/'>"]),
    st.sampled_from(ATTACKS),
    st.text(max_size=8),
)
texts = st.lists(pieces, max_size=25).map("".join)


def _renderings(text: str) -> list[str]:
    """All that a text can become: read as BBCode and as HTML, everything resolved and nothing."""
    markups = [read_markup(text, PORTAL), read_html(text, PORTAL)]
    return [
        render(markup, resolved)
        for markup in markups
        for resolved in ({}, {ref: f'7"<{ref.entity}>' for ref in markup.references})
    ]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack[:40])
def test_an_attack_leaves_nothing_that_runs_or_loads(attack: str) -> None:
    for html in (*_renderings(attack), sanitise(attack)):
        assert dangers(html) == []


@given(texts)
def test_no_text_leaves_anything_that_runs_or_loads(text: str) -> None:
    for html in _renderings(text):
        assert dangers(html) == []


@given(texts)
def test_html_is_balanced_and_of_listed_elements(text: str) -> None:
    for html in _renderings(text):
        found = seen(html)
        assert found.unbalanced == []
        assert set(found.elements) <= TAGS


@given(texts)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    for html in _renderings(text):
        assert sanitise(html) == html


@given(texts)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert sanitise(sanitise(normalise(text))) == sanitise(normalise(text))


@given(texts)
def test_reading_clean_html_again_changes_nothing(text: str) -> None:
    clean = render(read_html(text), {})
    assert render(read_html(clean), {}) == clean


@given(st.lists(st.one_of(pieces.filter(lambda piece: "CODE" not in piece), st.just("")), max_size=20))
def test_words_between_tags_are_still_there_and_in_order(between: list[str]) -> None:
    harmless = [piece for piece in between if piece.startswith("[") and piece.endswith("]") and "<" not in piece]
    words = [f"word{number}." for number in range(len(harmless))]
    html = render(read_markup("".join(f"{piece}{word}" for piece, word in zip(harmless, words, strict=True))), {})
    text = seen(html).text
    places = [text.find(word) for word in words]
    assert -1 not in places
    assert places == sorted(places)


@given(st.text(alphabet=st.characters(exclude_characters="[]:", exclude_categories=["Cs", "Cc", "Cn"])))
def test_text_without_tags_stays_as_it_is(text: str) -> None:
    assert seen(render(read_markup(text), {})).text == text.strip()


@given(texts)
def test_every_reference_is_a_record_or_a_file(text: str) -> None:
    for markup in (read_markup(text, PORTAL), read_html(text, PORTAL)):
        for ref in markup.references:
            assert ref.entity == FILE_URL or ref.source_id.replace(":", "").isdecimal()


@pytest.mark.parametrize("piece", REPEATED)
def test_a_text_of_nothing_but_tags_is_read_in_a_blink(piece: str) -> None:
    """20,000 of them: work that grew with the square of the length would outlast the test's time limit."""
    for read in (read_markup, read_html):
        assert seen(render(read(piece * 20_000), {})).unbalanced == []
