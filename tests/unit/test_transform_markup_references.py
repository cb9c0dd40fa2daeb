"""Bodies that point to records and files: what they ask for, and what they show once it is known."""

import pytest

from shared.transform.text.bbcode import read_markup
from shared.transform.text.links import Portal
from shared.transform.text.rendering import render
from shared.transform.text.tree import ATTACHED_FILE, BLOG_IMAGE, DISK_FILE, FILE_URL, Ref
from tests.unit.html_reading import seen

PORTAL = Portal(frozenset({"our.bitrix24.test"}))
HERE = "https://our.bitrix24.test"


@pytest.mark.parametrize(
    ("bbcode", "reference", "resolved", "unresolved"),
    [
        (
            "[USER=5 REPLACE]Ivan[/USER]",
            Ref("user", "5"),
            '<span data-entity="user" data-id="T">Ivan</span>',
            "Ivan [user 5]",
        ),
        ("[USER=5][/USER]", Ref("user", "5"), '<span data-entity="user" data-id="T"></span>', "[user 5]"),
        ("[USER=5] hi", Ref("user", "5"), '<span data-entity="user" data-id="T"></span> hi', "[user 5] hi"),
        (
            "[CHAT=15][B]x[/B][/CHAT]",
            Ref("chat", "15"),
            '<span data-entity="chat" data-id="T"><b>x</b></span>',
            "<b>x</b> [chat 15]",
        ),
        (
            "[PROJECT=3]P[/PROJECT]",
            Ref("group", "3"),
            '<span data-entity="group" data-id="T">P</span>',
            "P [group 3]",
        ),
        (
            "[DEPARTMENT=4]D[/DEPARTMENT]",
            Ref("department", "4"),
            '<span data-entity="department" data-id="T">D</span>',
            "D [department 4]",
        ),
        (
            "[CONTEXT=chat9/77]m[/CONTEXT]",
            Ref("chat_message", "77", within="9"),
            '<span data-entity="chat_message" data-id="T">m</span>',
            "m [chat message 77]",
        ),
        (
            "[DISK FILE ID=n505 WIDTH=9]",
            Ref(DISK_FILE, "505"),
            '<span data-entity="media" data-id="T"></span>',
            "[file n505]",
        ),
        (
            "[disk file id=505]",
            Ref(ATTACHED_FILE, "505"),
            '<span data-entity="media" data-id="T"></span>',
            "[file 505]",
        ),
        (
            "[DOCUMENT ID=7]",
            Ref(ATTACHED_FILE, "7"),
            '<span data-entity="media" data-id="T"></span>',
            "[file 7]",
        ),
        ("[DISK=7]", Ref(DISK_FILE, "7"), '<span data-entity="media" data-id="T"></span>', "[file n7]"),
        ("[ATTACH=7]", Ref(ATTACHED_FILE, "7"), '<span data-entity="media" data-id="T"></span>', "[file 7]"),
        ("[IMG ID=7]", Ref(BLOG_IMAGE, "7"), '<span data-entity="media" data-id="T"></span>', "[file 7]"),
        (
            "[IMG]/upload/a/cat.png?sign=s3cret[/IMG]",
            Ref(FILE_URL, f"{HERE}/upload/a/cat.png?sign=s3cret"),
            '<span data-entity="media" data-id="T"></span>',
            "[file cat.png]",
        ),
        (
            f"[URL={HERE}/company/personal/user/5/tasks/task/view/17/]t[/URL]",
            Ref("task", "17"),
            '<span data-entity="task" data-id="T">t</span>',
            "t [task 17]",
        ),
        (
            "[URL]/crm/deal/details/8/[/URL]",
            Ref("deal", "8"),
            '<span data-entity="deal" data-id="T">/crm/deal/details/8/</span>',
            "/crm/deal/details/8/ [deal 8]",
        ),
        (
            f"see {HERE}/crm/type/128/details/7/, please",
            Ref("smart_process_item", "128:7"),
            f'see <span data-entity="smart_process_item" data-id="T">{HERE}/crm/type/128/details/7/</span>, please',
            f"see {HERE}/crm/type/128/details/7/ [smart process item 128:7], please",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_reference_shows_its_target_or_a_marker(bbcode: str, reference: Ref, resolved: str, unresolved: str) -> None:
    markup = read_markup(bbcode, PORTAL)
    assert markup.references == (reference,)
    assert render(markup, {reference: "T"}) == resolved
    assert render(markup, {reference: None}) == render(markup, {}) == unresolved


@pytest.mark.parametrize(
    ("address", "reference"),
    [
        (f"{HERE}/company/personal/user/5/", Ref("user", "5")),
        ("http://OUR.bitrix24.test/extranet/contacts/personal/user/5", Ref("user", "5")),
        ("//our.bitrix24.test/company/personal/user/5/blog/9/", Ref("feed_post", "9")),
        ("/workgroups/group/3/tasks/task/view/17/?IFRAME=Y#top", Ref("task", "17")),
        ("/workgroups/group/3/", Ref("group", "3")),
        ("/crm/contact/show/2/", Ref("contact", "2")),
        ("/crm/company/details/4/", Ref("company", "4")),
        ("/page/hr/staff/type/128/details/7/", Ref("smart_process_item", "128:7")),
        ("/online/?IM_DIALOG=chat15", Ref("chat", "15")),
        ("/online/?IM_DIALOG=5", Ref("user", "5")),
        ("/online/?IM_DIALOG=chat15&IM_MESSAGE=77", Ref("chat_message", "77", within="15")),
        ("/online/?IM_DIALOG=5&IM_MESSAGE=77", Ref("chat_message", "77")),
        ("/company/structure.php?set_filter_structure=Y&structure_UF_DEPARTMENT=6", Ref("department", "6")),
        ("/bitrix/tools/disk/uf.php?attachedId=973&action=download", Ref(ATTACHED_FILE, "973")),
        ("/disk/downloadFile/505/?filename=x", Ref(DISK_FILE, "505")),
        ("/bitrix/tools/disk/focus.php?objectId=505&cmd=show", Ref(DISK_FILE, "505")),
        (f"{HERE}/company/personal/user/5/calendar/", None),
        (f"{HERE}/crm/deal/details/0x8/", None),
        ("https://elsewhere.test/crm/deal/details/8/", None),
        ("https://our.bitrix24.test.evil.test/crm/deal/details/8/", None),
        ("javascript:/crm/deal/details/8/", None),
        ("https://[broken/crm/deal/details/8/", None),
    ],
)
def test_an_address_on_the_portal_is_the_record_it_shows(address: str, reference: Ref | None) -> None:
    assert PORTAL.refers_to(address) == reference


def test_a_mention_of_all_is_nobody_in_particular() -> None:
    markup = read_markup("[USER=all]Everyone[/USER] [CHAT=imol|789]Line[/CHAT]")
    assert (markup.references, render(markup, {})) == ((), "Everyone Line")


def test_references_are_told_once_and_in_order() -> None:
    markup = read_markup("[USER=2]b[/USER] [QUOTE][USER=1]a[/USER][/QUOTE] [USER=2]b[/USER]")
    assert markup.references == (Ref("user", "2"), Ref("user", "1"))


def test_a_reference_in_code_is_code() -> None:
    assert read_markup("[CODE][USER=2]b[/USER][/CODE]").references == ()


def test_a_link_keeps_its_place_in_the_text_around_it() -> None:
    markup = read_markup("[B]Ask [USER=5]Ivan[/USER] now[/B]")
    assert render(markup, {Ref("user", "5"): "903"}) == (
        '<b>Ask </b><span data-entity="user" data-id="903"><b>Ivan</b></span><b> now</b>'
    )


def test_a_target_id_cannot_leave_its_attribute() -> None:
    html = render(read_markup("[USER=5]x[/USER]"), {Ref("user", "5"): '"><script>'})
    assert seen(html).attributes == [("span", "data-entity", "user"), ("span", "data-id", '"><script>')]


def test_without_a_portal_its_addresses_stay_as_they_are() -> None:
    markup = read_markup(f"{HERE}/crm/deal/details/8/ [URL={HERE}/crm/deal/details/8/]x[/URL]")
    assert markup.references == ()
    assert f'href="{HERE}/crm/deal/details/8/"' in render(markup, {})
