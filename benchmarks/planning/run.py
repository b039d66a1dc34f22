"""Measures how fast a plan of groups and visits is found and proven, beside what one would plan with instead.

Cohorts are made from seeds: real places, organisations of unequal size, tight diaries. Every case is solved by all in
turn, so that a busy machine is busy for all. Seconds are processor time of one thread (HiGHS and CP-SAT get one each);
the gap is against the best score known: proven where ours is, else the best of all. A level counts only when those
before it are equal, so a gap says on which level it is. Then how time grows with the number of people, and memory,
each measured in a process of its own. Ends with 1 when a goal is missed.

    python benchmarks/planning/run.py                    everything, about half an hour
    python benchmarks/planning/run.py --quick            one cohort a case, short searches
    python benchmarks/planning/run.py --only n12 n16     some cases
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import process_time

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from _cases import cohort  # noqa: E402 - after its folder is known
from _contenders import annealing, cp_sat, greedy_swaps, random_best  # noqa: E402 - the same

from vitale_core.planning import Instance, solve  # noqa: E402 - the same

MEMORY = 600
"""Megabytes that one plan may take at most."""


@dataclass(frozen=True)
class Case:
    """`goal` is in seconds (median); `proof` says the plan must be proven, `gap` the most per cent above the best."""

    name: str
    people: int
    hosts: int
    goal: float
    cohorts: int
    seconds: float
    proof: bool = True
    gap: float = 0.0


CASES = [
    Case("n12", 12, 0, 0.050, 20, 10),
    Case("n12 joint, 8 hosts", 12, 8, 0.150, 20, 10),
    Case("n16", 16, 0, 1.5, 5, 10),
    Case("n16 joint, 8 hosts", 16, 8, 1.5, 5, 10),
    Case("n24", 24, 0, 10, 3, 10),
    Case("n24 joint, 12 hosts", 24, 12, 10, 3, 10),
    Case("n60", 60, 0, 30, 3, 30, proof=False, gap=5.0),
    Case("n60 joint, 30 hosts", 60, 30, 30, 2, 30, proof=False, gap=5.0),
    Case("n500", 500, 0, 10, 1, 10, proof=False, gap=100.0),
    Case("n500 joint, 200 hosts", 500, 200, 10, 1, 10, proof=False, gap=100.0),
]
GROWTH = [(n, 0) for n in (6, 8, 10, 12, 14, 16, 20, 24, 32, 48, 60)] + [(n, n // 2) for n in (8, 12, 16, 24, 32, 48)]
SLOW_BY_HAND = 24
"""With more people than this the exchanges by hand are left out: each looks at the whole plan again."""


@dataclass
class Result:
    """What one contender gave for one cohort."""

    seconds: float
    score: tuple[int, ...] | None
    proven: bool = False


def timed(job):
    """The result of a job and the processor seconds it took."""
    began = process_time()
    score, proven = job()
    return Result(process_time() - began, score, proven)


def ours(document):
    plan = solve(Instance.from_json(document))
    return (plan.objective if plan.groups else None), plan.status == "optimal"


def contenders(case, quick):
    """Every way that makes sense for a case, ours first."""
    seconds = min(case.seconds, 3) if quick else case.seconds
    found = {
        "vitale": ours,
        "CP-SAT": lambda document: cp_sat(document, seconds),
        "annealing": lambda document: (annealing(document), False),
        "random best of 1,000": lambda document: (random_best(document, 100 if quick else 1_000), False),
        "greedy exchanges": lambda document: (greedy_swaps(document), False),
    }
    if case.people > SLOW_BY_HAND:
        del found["greedy exchanges"]
    if case.people > 60:
        del found["CP-SAT"]  # its model alone takes longer to make than the goal
    return found


def gap(score, best):
    """Per cent above the best on the first level that differs, and which level that is."""
    for level, (cost, least) in enumerate(zip(score, best, strict=True), start=1):
        if cost != least:
            return 100 * (cost - least) / max(1, least), level
    return 0.0, 0


def compare(case, quick):
    """Print one table; return what misses its goal."""
    ways = contenders(case, quick)
    results = {name: [] for name in ways}
    for seed in range(1 if quick else case.cohorts):
        document = cohort(seed, case.people, hosts=case.hosts)
        names = list(ways)
        for name in names[seed % len(names) :] + names[: seed % len(names)]:
            results[name].append(timed(lambda name=name, document=document: ways[name](document)))
    best = [min(one.score for one in row if one.score) for row in zip(*results.values(), strict=True)]
    print(f"\n{case.name}: {len(best)} cohorts, goal {case.goal:g} s{' and proven' if case.proof else ''}")
    print(f"{'way':24}{'median s':>10}{'longest':>10}{'proven':>9}{'best':>7}   gap: median, largest (level)")
    for name, row in results.items():
        gaps = [gap(one.score, least) for one, least in zip(row, best, strict=True) if one.score]
        told = "no plan"
        if gaps:
            widest = max(gaps)
            told = f"{statistics.median(one for one, _ in gaps):.1f} %, {widest[0]:.1f} %"
            told += f" ({widest[1]})" if widest[1] else ""
            told += f", no plan in {len(row) - len(gaps)}" if len(gaps) < len(row) else ""
        seconds = [one.seconds for one in row]
        print(
            f"{name:24}{statistics.median(seconds):10.3f}{max(seconds):10.3f}"
            f"{sum(one.proven for one in row):>6}/{len(row)}{sum(1 for one, _ in gaps if not one):>7}   {told}",
            flush=True,
        )
    return list(misses(case, results["vitale"], best))


def misses(case, own, best):
    """What our own results lack."""
    if statistics.median(one.seconds for one in own) > case.goal:
        yield f"{case.name}: slower than {case.goal:g} s"
    if case.proof and not all(one.proven for one in own):
        yield f"{case.name}: not always proven"
    for one, least in zip(own, best, strict=True):
        if one.score is None:
            yield f"{case.name}: no plan"
        elif gap(one.score, least)[0] > case.gap:
            yield f"{case.name}: {gap(one.score, least)[0]:.1f} % above the best known"


def alone(people, hosts, seed=0):
    """Seconds and megabytes of one plan in a process of its own; its peak is that of the whole interpreter."""
    words = [sys.executable, __file__, "--alone", str(people), str(hosts), str(seed)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def solve_alone(people, hosts, seed):
    document = cohort(seed, people, hosts=hosts)
    result = timed(lambda: ours(document))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # Linux counts in kilobytes
    print(json.dumps({"seconds": result.seconds, "megabytes": peak, "proven": result.proven}))


def growth(chosen):
    """Print how time and memory grow with the number of people; return what takes too much memory."""
    print(f"\n{'people':>8}{'hosts':>8}{'seconds':>10}{'MB':>7}  proven")
    missed = []
    for people, hosts in chosen:
        found = alone(people, hosts)
        print(
            f"{people:8}{hosts:8}{found['seconds']:10.3f}{found['megabytes']:7}  {'yes' if found['proven'] else 'no'}",
            flush=True,
        )
        if found["megabytes"] > MEMORY:
            missed.append(f"{people} people, {hosts} hosts: {found['megabytes']} MB")
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", default=None, help="first words of cases, or 'growth'")
    parser.add_argument("--alone", nargs=3, type=int, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        solve_alone(*arguments.alone)
        return 0
    known = {*(case.name.split()[0] for case in CASES), "growth"}
    if unknown := set(arguments.only or ()) - known:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    missed = []
    for case in CASES:
        if arguments.only is None or case.name.split()[0] in arguments.only:
            missed += compare(case, arguments.quick)
    if arguments.only is None or "growth" in arguments.only:
        large = [] if arguments.quick else [(60, 30), (500, 0), (500, 200)]
        missed += growth(GROWTH[:6] if arguments.quick else [*GROWTH, *large])
    print("\n" + ("\n".join(f"MISSED {one}" for one in missed) if missed else "every goal was met"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
