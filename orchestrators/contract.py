"""Names that orchestrators and activities share."""

RUN = "run"

ADVANCE_RUN = "advance_run"
BIND_RUN = "bind_run"
OPEN_ENTITY = "open_entity"
