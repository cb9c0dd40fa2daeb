"""Names that orchestrators and activities share."""

from shared.model.run import ORCHESTRATION

RUN = ORCHESTRATION

ADVANCE_RUN = "advance_run"
BIND_RUN = "bind_run"
OPEN_ENTITY = "open_entity"
