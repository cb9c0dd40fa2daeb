"""Workflow templates, for administrators only (API facts §4.6)."""

from connectors.bitrix24.listing import Listing
from connectors.bitrix24.readers.keyset import KeysetReader
from connectors.bitrix24.readers.reader import Need, Readers

# Without a selection it is the id alone
_FIELDS = (
    "ID",
    "MODULE_ID",
    "ENTITY",
    "DOCUMENT_TYPE",
    "AUTO_EXECUTE",
    "NAME",
    "TEMPLATE",
    "PARAMETERS",
    "VARIABLES",
    "CONSTANTS",
    "MODIFIED",
    "IS_MODIFIED",
    "USER_ID",
    "SYSTEM_CODE",
)

# start = -1 is not documented for it; a template may have hundreds of steps
TEMPLATES = Listing(
    method="bizproc.workflow.template.list",
    scopes=("bizproc",),
    ascending={"ORDER": {"ID": "ASC"}},
    descending={"ORDER": {"ID": "DESC"}},
    filter="FILTER",
    fixed={"SELECT": list(_FIELDS)},
    count_off=False,
    most_pages=4,
)

READERS: Readers = {"workflow_template": lambda portal: KeysetReader(TEMPLATES, portal.webhooks)}

NEEDS = (Need(TEMPLATES.method, TEMPLATES.scopes, {"SELECT": ["ID"]}),)
