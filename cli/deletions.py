"""What is no longer at the source, as the API tells it of an entity, and in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cli.views.text import number
from shared.model.json import Json, as_map


@dataclass(frozen=True, slots=True)
class Gone:
    """Records that went in before and are ``gone`` at the source; what became of them at the target.

    ``held`` are too many to be believed, ``kept`` those that the target refuses to delete. ``unseen`` are not among
    those gone: the source did not show them, and nothing says for certain that they are gone.
    """

    gone: int = 0
    deleted: int = 0
    held: int = 0
    kept: int = 0
    unseen: int = 0

    @classmethod
    def parse(cls, body: Json) -> "Gone":
        """Read ``deleted_at_source``; never raises."""
        told = as_map(body)
        counts = (told.get(name) for name in cls.__slots__)
        return cls(*(count if isinstance(count, int) else 0 for count in counts))

    @classmethod
    def total(cls, some: Iterable["Gone"]) -> "Gone":
        """Their sum."""
        known = list(some)
        return cls(*(sum(getattr(one, name) for one in known) for name in cls.__slots__))

    @property
    def words(self) -> str:
        """Empty while the source has everything that it had."""
        parts = [self._fate] if self.gone else []
        parts += [f"{number(self.unseen)} not shown by the source, and not gone for certain"] if self.unseen else []
        return "; ".join(parts)

    @property
    def _fate(self) -> str:
        told = f"{number(self.gone)} gone at the source"
        if not (self.deleted or self.held or self.kept):
            return f"{told}, still there (apply_deletes would delete {'it' if self.gone == 1 else 'them'})"
        fates = f"{number(self.deleted)} deleted, {number(self.held)} held by the brake, {number(self.kept)} kept"
        return f"{told}, {fates}"


def deletion_lines(entities: Mapping[str, Gone]) -> list[str]:
    """A line for each entity of which something is missing at the source."""
    return [f"{name}: {one.words}" for name, one in entities.items() if one.words]
