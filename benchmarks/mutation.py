"""Faults planted on purpose, one at a time: which of them do the tests not notice?

Usage: python benchmarks/mutation.py FILE.py ... --tests PATH ... [--then PATH ...] [--swap low:value:high ...]
                                     [--only FILE.py:LINE ...] [--limit SECONDS] [--examples N]

Run it at the top of the checkout. Every operator of each file is changed once (``mutation_operators`` says
how), and the tests run against it in a fork. ``--then`` names slow tests, which see only what the first have
let pass; hypothesis makes at most N examples. Names of a ``--swap`` are put in each other's place. A fault
that no test notices is printed as a difference: it needs a test, or there is nothing that anyone could see.
Exits with 1 if any is left.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mutation_operators import mutants_of
from mutation_runs import (
    NOT_LOADED,
    Mutant,
    changed_function,
    in_fork,
    left_by_collected,
    load_libraries,
    run_imported,
    run_tests,
)


def mutants_in(path: Path, groups: Sequence[Sequence[str]]) -> Iterator[Mutant]:
    """All faults of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    untouched = ast.parse(ast.unparse(tree))
    plain = ast.unparse(tree).splitlines()
    seen = {tuple(plain)}
    for line, operator in mutants_of(tree, groups):
        text = ast.unparse(tree).splitlines()
        if tuple(text) in seen:
            continue
        seen.add(tuple(text))
        difference = [
            change
            for change in difflib.unified_diff(plain, text, n=0, lineterm="")
            if not change.startswith(("---", "+++", "@@"))
        ]
        mutated = ast.parse("\n".join(text))
        code = compile(mutated, str(path), "exec")
        function = changed_function(untouched, mutated)
        yield Mutant(path, line, operator, code, function, "\n".join(difference))


def _at_most(examples: int) -> None:
    """Whatever a test asks of hypothesis, it gets no more."""
    from hypothesis import settings

    plain = settings.__init__

    def capped(self: settings, parent: settings | None = None, **given: Any) -> None:
        if isinstance(given.get("max_examples"), int):
            given["max_examples"] = min(given["max_examples"], examples)
        plain(self, parent, **given)

    settings.__init__ = capped  # type: ignore[method-assign]


def _left(mutants: list[Mutant], options: argparse.Namespace) -> Iterator[Mutant]:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "left.json"
        passed = left_by_collected(mutants, options.tests, options.limit, results)
    stages = [stage for stage in (options.tests, options.then) if stage]
    for mutant in passed:
        outcomes = (run_imported(mutant, stage, options.limit) for stage in stages)
        killed = next((outcome for outcome in outcomes if outcome), None)
        if killed == NOT_LOADED:
            print(f"{mutant.path}: these tests do not import it")
        if killed in {None, NOT_LOADED}:
            yield mutant


def main() -> int:
    """Plant and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--tests", nargs="+", required=True)
    parser.add_argument("--then", nargs="+", default=[])
    parser.add_argument("--swap", nargs="+", default=[])
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--limit", type=float, default=120)
    parser.add_argument("--examples", type=int)
    options = parser.parse_args()
    sys.path.insert(0, str(Path.cwd()))
    load_libraries()
    if options.examples:
        _at_most(options.examples)
    for stage in (options.tests, options.then):
        if stage and in_fork(lambda stage=stage: run_tests(stage), 10 * options.limit):  # type: ignore[misc]
            print("the tests fail without any fault")
            return 2

    groups = [group.split(":") for group in options.swap]
    every: Counter[str] = Counter()
    for path in options.files:
        mutants = [
            mutant
            for mutant in mutants_in(path, groups)
            if not options.only or f"{path}:{mutant.line}" in options.only
        ]
        left = 0
        for mutant in _left(mutants, options):
            left += 1
            print(f"{path}:{mutant.line} {mutant.operator}\n{mutant.difference}\n", flush=True)
        every += Counter(left=left, noticed=len(mutants) - left)
        print(f"{path}: {len(mutants)} faults, {len(mutants) - left} noticed, {left} left", flush=True)
    print(f"{every.total()} faults, {every['noticed']} noticed, {every['left']} left")
    return 1 if every["left"] else 0


if __name__ == "__main__":
    sys.exit(main())
