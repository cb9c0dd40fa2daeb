"""Settings with their sources, and checks with what mends them."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.views.text import clean
from shared.model.json import Json, as_map


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; ``fix`` says how to mend it when it is not ``ok``, and what one may do when it is information."""

    name: str
    ok: bool
    detail: str = ""
    fix: str = ""
    severity: str = ""

    @classmethod
    def parse(cls, item: Json) -> "Check":
        """Read one check of GET /api/doctor; a check that does not say ``ok`` is not."""
        data = as_map(item)
        texts = {name: str(data.get(name) or "") for name in ("detail", "fix", "severity")}
        return cls(str(data.get("name", "?")), data.get("ok") is True, **texts)

    def as_json(self) -> dict[str, str | bool]:
        """The same shape as the API's."""
        texts = {"detail": self.detail, "fix": self.fix, "severity": self.severity or "blocker"}
        return {"name": self.name, "ok": self.ok, **texts}


def doctor_view(settings: list[Json], checks: list[Check]) -> RenderableType:
    """The settings as a table, the checks as lines below it. Values are shown as they arrive: masked."""
    return Group(_settings(settings), Text(""), *(_line(check) for check in checks))


def _settings(settings: list[Json]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("setting", "value", "from"):
        table.add_column(title, overflow="fold")
    for item in settings:
        setting = as_map(item)
        value = setting.get("value")
        cells = (setting.get("name", "?"), "(unset)" if value is None else value, setting.get("source") or "")
        table.add_row(*(Text(clean(cell)) for cell in cells))
    return table


def _line(check: Check) -> Text:
    failed = ("WARN", "yellow") if check.severity == "warning" else ("FAIL", "bold red")
    verdict = ("ok  ", "green") if check.ok else failed
    text = Text.assemble(verdict, " ", clean(check.name), clean(f": {check.detail}") if check.detail else "")
    if check.fix and (not check.ok or check.severity == "info"):
        text.append(clean(f"\n     {'hint' if check.ok else 'fix'}: {check.fix}"))
    return text
