"""The switch of each plan: off, no run of it may be started. Runs that are under way go on."""

from shared.ports.systems import Check
from shared.settings.configuration import Configuration

OFF = "the plan is switched off"
SWITCH_ON = "Switch its feature flag on, or take it out of PORTAGE_DISABLED_PLANS"


def switch_checks(configuration: Configuration, plan: str) -> list[Check]:
    """A finding when the plan is switched off."""
    if not configuration.disabled(plan):
        return []
    return [Check(plan, False, OFF, SWITCH_ON, "preview.flag_disabled")]
