"""Departments, users and groups (API facts §4.1, §4.2)."""

from connectors.bitrix24.listing import Changed, Details, Listing
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.offset import OffsetReader
from connectors.bitrix24.readers.reader import Need, Readers

# Equality filters only
DEPARTMENTS = Listing(
    method="department.get",
    scopes=("department",),
    ascending={"sort": "ID", "order": "ASC"},
    descending={"sort": "ID", "order": "DESC"},
)

# sort and order are strings at top level; ADMIN_MODE shows everybody
USERS = Listing(
    method="user.get",
    scopes=("user", "user_basic", "user_brief"),
    ascending={"sort": "ID", "order": "ASC"},
    descending={"sort": "ID", "order": "DESC"},
    filter="FILTER",
    fixed={"ADMIN_MODE": True},
    changed=Changed("user", ">TIMESTAMP_X"),
)

# start = -1 is not documented for it
GROUPS = Listing(
    method="sonet_group.get",
    scopes=("sonet_group",),
    ascending={"ORDER": {"ID": "ASC"}},
    descending={"ORDER": {"ID": "DESC"}},
    filter="FILTER",
    fixed={"IS_ADMIN": "Y"},
    count_off=False,
    most_pages=4,
    details=(Details("members", "sonet_group.user.get", lambda source_id: {"ID": source_id}),),
)

READERS: Readers = {
    "department": lambda portal: OffsetReader(DEPARTMENTS, portal.webhooks),
    "user": lambda portal: KeysetReader(USERS, portal.webhooks),
    "group": lambda portal: KeysetReader(GROUPS, portal.webhooks),
}

_NO_COUNT = {"start": -1}

NEEDS = (
    Need(DEPARTMENTS.method, DEPARTMENTS.scopes, _NO_COUNT),
    Need(USERS.method, USERS.scopes, _NO_COUNT),
    Need(GROUPS.method, GROUPS.scopes, {}),
    Need("sonet_group.user.get", GROUPS.scopes),
)
