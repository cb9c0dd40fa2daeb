"""Entry point of `make chaos`."""

import argparse
import json
import shutil
import sys
import traceback
from pathlib import Path

import httpx
from azure.core.exceptions import AzureError
from rich.console import Console
from rich.table import Table

from lab.api import Unexpected
from lab.chaos.trial import Size, Trial, try_seed
from lab.directories import own_directory
from lab.processes import ROOT, ProcessFailed
from lab.stopping import stop_when_asked

_SHOWN = 8
_TITLES = ("hosts", "records", "kills", "faults", "s", "lost", "doubled", "orphaned", "stuck", "wrong", "dead", "again")
_KINDS = ("lost", "doubled", "orphaned", "stuck", "miscounted", "letters")


def main() -> int:
    """Run the seeds, print a table, write ``summary.json``; 0 only if all held."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__, allow_abbrev=False)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=int, default=10, metavar="N", help="seeds 1 to N (default: 10)")
    which.add_argument("--seed", type=int, action="append", metavar="SEED", help="this one; may be repeated")
    given = parser.parse_args()
    seeds = given.seed or list(range(1, given.seeds + 1))
    console = Console(highlight=False)
    stop_when_asked()
    trials: list[Trial] = []
    try:
        with own_directory(ROOT / ".local" / "chaos") as directory:
            for seed in seeds:
                trials.append(_try(seed, directory / f"seed-{seed}", console))
                summary = directory / "summary.json"
                summary.write_text(json.dumps([one.as_json() for one in trials], indent=2), encoding="utf-8")
    except KeyboardInterrupt:
        return 130
    console.print(_table(trials))
    for action in ("pause", "resume", "cancel"):
        if times := [one.control[action] for one in trials if action in one.control]:
            console.print(f"{action} under load was answered within {max(times):.2f} s")
    console.print(f"these numbers as JSON: {summary.relative_to(ROOT)}", soft_wrap=True)
    return 0 if all(one.held and one.harsh for one in trials) else 1


def _try(seed: int, directory: Path, console: Console) -> Trial:
    """One seed; the data of one that held is removed, that of another kept."""
    try:
        trial = try_seed(seed, directory, Size())
    except (ProcessFailed, Unexpected, httpx.HTTPError, AzureError, RuntimeError) as error:
        trial = Trial(seed, hosts=0, state="broken")
        trial.findings.stuck.append(f"{type(error).__name__}: {error}")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
    word = "FAILED" if not trial.held else "held" if trial.harsh else "held, but was too mild"
    console.print(f"seed {seed}: {word}, {trial.state} after {trial.seconds:.0f} s and {trial.kills} kills")
    if trial.held:
        shutil.rmtree(directory, ignore_errors=True)
        return trial
    for kind in _KINDS:
        sentences = getattr(trial.findings, kind)
        for sentence in sentences[:_SHOWN]:
            console.print(f"  {kind}: {sentence}", markup=False, soft_wrap=True)
        if len(sentences) > _SHOWN:
            console.print(f"  {kind}: … and {len(sentences) - _SHOWN} more")
    if trial.sent_again:
        console.print(f"  a second run, in peace, sent {trial.sent_again} records again")
    where = directory.relative_to(ROOT)
    console.print(f"  its data is in {where}; again: python -m lab.chaos --seed {seed}", soft_wrap=True)
    return trial


def _table(trials: list[Trial]) -> Table:
    table = Table("seed", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for title in _TITLES:
        table.add_column(title, justify="right", no_wrap=True)
    for one in trials:
        faults = f"{min(one.shares.values(), default=0.0):.0%}"  # of the link with the fewest
        found = [len(getattr(one.findings, name)) for name in _KINDS]
        facts = (one.seed, one.hosts, one.records, one.kills, faults, round(one.seconds))
        table.add_row(*map(str, (*facts, *found, one.sent_again)), style=None if one.held else "red")
    return table


if __name__ == "__main__":
    sys.exit(main())
