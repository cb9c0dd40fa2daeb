"""What a run's row tells of those who did something to it: not all of it, or the row could not be written any more."""

from dataclasses import replace

from shared.engine.fitting import newest_within
from shared.model.json import JsonObject
from shared.model.run import Run

RESTART = "restart"
ROLLBACK, ROLLED_BACK = "rollback", "rolled_back"

_MOST_RESTARTS = 50
"""A host that dies all the time must not crowd out what people did."""

_ROOM = 20_000
"""Characters of JSON that actions may take; the rest of the row is small."""


def noted(run: Run, action: JsonObject) -> Run:
    """``run`` with one action more, and without those for which there is no room.

    What it began with stays, and so do the newest ones, and those that its last undo goes by.
    """
    every = [*run.actions, action]
    restarts = [one for one in every if one["action"] == RESTART][-_MOST_RESTARTS:]
    actions = [one for one in every if one["action"] != RESTART or one in restarts]
    kinds = {str(one["action"]): one for one in actions}
    needed = [actions[0], action, *(kinds[kind] for kind in (ROLLBACK, ROLLED_BACK) if kind in kinds)]
    return replace(run, actions=newest_within(_ROOM, actions, dict, lambda one: one in needed))
