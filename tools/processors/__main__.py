"""``make processors``: run what depends on rounding as other machines would, and measure how safe the bounds are.

Two processors compute the same sum in another order, and so do one thread and two. This command sets, in child
processes alone, the variables by which NumPy, OpenBLAS, MKL, oneDNN and PyTorch choose their code:

  sse     an old processor with SSE4.2, one thread
  avx2    a processor with AVX2, two threads (`cnncourse.setup` sets the threads of a lesson itself)

It first shows by hashes which of the variables change anything on this processor. Then come three parts:

  notebooks   lessons and exercise masters, compared with their stored outputs
  tests       agreement with PyTorch, models, trainings, tasks with their known mistakes
  margins     every bound on a trained result (`cnncourse.at_least`, `at_most`, and the levels of training tasks) with
              at least four seeds; a bound closer than three standard deviations is flagged

What has held is kept in .cache/processors, and runs again only when its file or the package has changed.
Examples for ARGS: `04 10` (these units), `margins 04 --seeds 6`, `notebooks sse`, `--list`.
"""

import argparse
import re
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from tools.margins import margins, table
from tools.processors.jobs import run_job
from tools.processors.machines import MACHINES, prove
from tools.processors.plan import PARTS, plan


def bar(done, total, seconds, text):
    filled = 20 * done // total
    left = seconds / done * (total - done) / 60
    return f"[{'#' * filled}{'.' * (20 - filled)}] {done}/{total}, about {left:.0f} min left  {text}"


def arguments_of(words):
    parser = argparse.ArgumentParser(
        prog="make processors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = f"parts ({', '.join(PARTS)}), processors ({', '.join(MACHINES)}), units (two digits), pieces of file names"
    parser.add_argument("words", nargs="*", metavar="WORD", help=known + "; of each kind that is not named, all")
    parser.add_argument("--seeds", type=int, default=4, help="of the margins, at least 4 (default: 4)")
    parser.add_argument("--jobs", type=int, default=1, help="children at the same time (default: 1)")
    parser.add_argument("--list", action="store_true", help="print what would run, and whether it has run")
    parser.add_argument("--again", action="store_true", help="run also what has run already")
    return parser, parser.parse_args(words)


def jobs_of(said, seeds):
    """Return the jobs that the words of the command choose."""
    units = {word for word in said if re.fullmatch(r"\d\d", word)}
    parts, machines = ([name for name in names if name in said] or list(names) for names in (PARTS, MACHINES))
    names = [word for word in said if word not in units and word not in PARTS and word not in MACHINES]
    return plan(units, parts, machines, seeds, names)


def run(jobs, workers):
    """Run the jobs and show how far they are; return the result of each."""
    results, started = {}, time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(run_job, job): job for job in jobs}
        for future in as_completed(waiting):
            job, result = waiting[future], future.result()
            results[job] = result
            state = "ok" if result["status"] == 0 else "FAILED"
            text = f"{state} {job.title()} ({result['seconds']:.0f} s)"
            print(bar(len(results), len(jobs), time.monotonic() - started, text), flush=True)
    return results


def report(jobs, results, seeds):
    """Print failures and margins; return 1 if there is a failure or a bound that is too close."""
    failed = [job for job in jobs if results[job]["status"]]
    for job in failed:
        print(f"\nFAILED: {job.title()}", *results[job]["said"], sep="\n    ")
    runs = [(job.machine, job.seed, results[job]["records"]) for job in jobs if job.part == "margins"]
    found = margins(runs, max(seeds, 4))
    close = [margin for margin in found if margin.close]
    if found:
        print("\nBounds on trained results, and their distance in standard deviations\n" + table(found))
    hold, safe = len(jobs) - len(failed), len(found) - len(close)
    print(f"\n{hold} of {len(jobs)} runs hold, {safe} of {len(found)} bounds are safe")
    return int(bool(failed or close))


def main(words=None):
    parser, arguments = arguments_of(words)
    jobs = jobs_of(arguments.words, arguments.seeds)
    if not jobs:
        parser.error(f"nothing to run for {' '.join(arguments.words)}; --list alone shows everything")
    if arguments.list:
        for job in jobs:
            print("done  " if job.file().exists() else "to do ", job.title())
        return 0
    if not prove(arguments.again):
        print("None of the variables changes anything here: this processor cannot play another one.")
        return 1
    if arguments.again:
        for job in jobs:
            job.file().unlink(missing_ok=True)
    return report(jobs, run(jobs, arguments.jobs), arguments.seeds)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit("stopped; the same command goes on where it was") from None
