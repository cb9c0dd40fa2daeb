"""What was asked for, by whom, when, and on which two sides."""

from dataclasses import asdict
from datetime import datetime

from shared.model.json import JsonObject
from shared.model.plan import Plan
from shared.model.run import Run

PRIVATE = ("private_chats", "private_posts")
"""Options by which a person lets Portage read what not everybody may read."""


def asked(run: Run, plan: Plan, binding: tuple[str, str] | None) -> JsonObject:
    """The request as it was taken up. ``portal`` and ``store_id`` are None where the plan was never bound."""
    portal, store_id = binding or (None, None)
    return {
        "run_id": run.run_id,
        "plan": run.plan,
        "title": plan.title,
        "plan_digest": run.plan_hash,
        "plan_changed": run.plan_hash != plan.digest,
        "mode": run.mode.value,
        "state": run.state.value,
        "reason": run.reason,
        "message": run.message,
        "entities": list(run.entities),
        "options": asdict(run.options),
        "private_data": [
            {"option": name, "enabled_by": run.started_by, "at": instant(run.started_at)}
            for name in PRIVATE
            if getattr(run.options, name)
        ],
        "since": instant(run.since),
        "reads_since": dict(run.reads_since),
        "started_by": run.started_by,
        "started_at": instant(run.started_at),
        "finished_at": instant(run.finished_at),
        "seconds": None if run.finished_at is None else round((run.finished_at - run.started_at).total_seconds(), 1),
        "actions": list(run.actions),
        "source": {"system": plan.source, "portal": portal},
        "target": {"system": plan.target, "store_id": store_id},
        "rolled_back": list(run.undone),
    }


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with ``Z``."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
