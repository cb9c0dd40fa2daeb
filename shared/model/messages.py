"""Queue messages. A message is only a wake-up: what is to be done stands in the ledger."""

import json
from dataclasses import asdict, dataclass

from shared.model.ledger import PageKey, Stage

EXTRACT_QUEUE = "extract"
IMPORT_QUEUE = "import"


@dataclass(frozen=True, slots=True)
class ExtractMessage:
    """Work on a range of an entity, from wherever its pending page stands."""

    run_id: str
    epoch: int
    entity: str
    range_no: int

    def dump(self) -> str:
        """JSON text."""
        return json.dumps(asdict(self))

    @staticmethod
    def load(text: str) -> "ExtractMessage":
        """Raises ValueError, KeyError or TypeError when ``text`` is no such message."""
        return ExtractMessage(**json.loads(text))


@dataclass(frozen=True, slots=True)
class ImportMessage:
    """Work on one slice (stage ``import`` or ``patch``).

    ``early``: before its turn, to be completed only if nothing in it has to be sent.
    """

    run_id: str
    epoch: int
    entity: str
    range_no: int
    stage: str
    seq: int
    part: int
    early: bool = False

    @staticmethod
    def of(key: PageKey, epoch: int, *, early: bool = False) -> "ImportMessage":
        """The wake-up for a slice."""
        return ImportMessage(key.run_id, epoch, key.entity, key.range_no, key.stage.value, key.seq, key.part, early)

    @property
    def key(self) -> PageKey:
        """The slice's row in the ledger."""
        return PageKey(self.run_id, self.entity, self.range_no, Stage(self.stage), self.seq, self.part)

    def dump(self) -> str:
        """JSON text."""
        return json.dumps(asdict(self))

    @staticmethod
    def load(text: str) -> "ImportMessage":
        """Raises ValueError, KeyError or TypeError when ``text`` is no such message."""
        return ImportMessage(**json.loads(text))
