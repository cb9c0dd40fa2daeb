"""Fields of a task: UPPER_SNAKE in requests, camelCase in answers (API facts §4.4)."""

from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


_TEXT: dict[str, Any] = {"type": "string"}
_YES_NO: dict[str, Any] = {"type": "enum", "values": {"Y": "Yes", "N": "No"}, "default": "N"}
_DATES = _words(
    "CREATED_DATE CHANGED_DATE STATUS_CHANGED_DATE CLOSED_DATE ACTIVITY_DATE DATE_START DEADLINE "
    "START_DATE_PLAN END_DATE_PLAN VIEWED_DATE EXCHANGE_MODIFIED"
)
_NUMBERS = _words(
    "ID PARENT_ID GROUP_ID STAGE_ID CREATED_BY RESPONSIBLE_ID CHANGED_BY STATUS_CHANGED_BY CLOSED_BY "
    "COMMENTS_COUNT SERVICE_COMMENTS_COUNT NEW_COMMENTS_COUNT TIME_ESTIMATE TIME_SPENT_IN_LOGS "
    "FORUM_TOPIC_ID FORUM_ID DURATION_PLAN DURATION_FACT OUTLOOK_VERSION FLOW_ID"
)
_FLAGS = _words(
    "MULTITASK NOT_VIEWED REPLICATE ALLOW_CHANGE_DEADLINE ALLOW_TIME_TRACKING TASK_CONTROL "
    "ADD_IN_REPORT MATCH_WORK_TIME SUBORDINATE FAVORITE IS_MUTED IS_PINNED IS_PINNED_IN_GROUP "
    "DESCRIPTION_IN_BBCODE"
)
_STATUSES = {"2": "Pending", "3": "In Progress", "4": "Awaiting Review", "5": "Completed", "6": "Deferred"}
CUSTOM = "UF_AUTO_841972304304"
USER_FIELDS = ("UF_CRM_TASK", "UF_TASK_WEBDAV_FILES", "UF_MAIL_MESSAGE")

FIELDS: dict[str, dict[str, Any]] = {
    **{name: {"title": name, "type": "integer", "default": 0} for name in _NUMBERS},
    **{name: {"title": name, **_TEXT} for name in ("TITLE", "DESCRIPTION", "GUID", "XML_ID", "SITE_ID", "EXCHANGE_ID")},
    **{name: {"title": None, "type": "datetime", "default": None} for name in _DATES},
    **{name: {"title": None, **_YES_NO} for name in _FLAGS},
    "MARK": {"title": "Rating", "type": "enum", "values": {"N": "Negative", "P": "Positive"}, "default": None},
    "PRIORITY": {"title": "Priority", "type": "enum", "values": {"2": "High", "1": "Medium", "0": "Low"}, "default": 1},
    "STATUS": {"title": "Status", "type": "enum", "values": _STATUSES, "default": 2},
    "DURATION_TYPE": {
        "title": "DURATION_TYPE",
        "type": "enum",
        "values": ["secs", "mins", "hours", "days", "weeks", "monts", "years"],
        "default": "days",
    },
    "ACCOMPLICES": {"title": None, "type": "array"},
    "AUDITORS": {"title": None, "type": "array"},
    "TAGS": {"title": None, "type": "array"},
    "CHECKLIST": {"title": None, "type": "array"},
    "UF_CRM_TASK": {"title": "CRM Entities", "type": "crm"},
    "UF_TASK_WEBDAV_FILES": {"title": "Upload Files", "type": "disk_file"},
    "UF_MAIL_MESSAGE": {"title": None, "type": "mail_message"},
    CUSTOM: {"title": "Номер заявки", "type": "string"},
}
DATES = frozenset(_DATES)
SORTABLE = frozenset(
    _words(
        "ID TITLE CREATED_DATE CHANGED_DATE CLOSED_DATE ACTIVITY_DATE DEADLINE DATE_START REAL_STATUS "
        "STATUS PRIORITY GROUP_ID CREATED_BY RESPONSIBLE_ID MARK SORTING"
    )
)
CAMEL = {
    name: name.split("_")[0].lower() + "".join(part.capitalize() for part in name.split("_")[1:]) for name in FIELDS
}
