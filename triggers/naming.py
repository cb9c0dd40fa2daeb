"""What requests name: plans of this installation."""

from composition.app import App
from shared.model.plan import Plan
from shared.model.quoting import quoted
from triggers.problems import Problem


def plan_of(app: App, name: str) -> Plan:
    """The plan of that name. Raises Problem UNKNOWN_PLAN, 404, which names those that there are."""
    plan = app.plan(name)
    if plan is None:
        raise Problem("UNKNOWN_PLAN", f"There is no plan '{quoted(name)}'; there are {', '.join(app.plan_names)}")
    return plan
