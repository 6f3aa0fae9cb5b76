"""One grading process: JSON lines in, JSON lines out; and `Job`, which starts one and talks to it.

It is started isolated (`python -I`), away from any folder with student files, and opens the sandboxes that it needs.
When the process that started it is gone, it goes too, and so does everything in its sandboxes.
"""

import gc
import itertools
import json
import os
import queue
import subprocess
import sys
import threading

from cnncourse.grading.host.bubblewrap import IsolationError

ANSWER_SECONDS = 3600


class GraderFailed(RuntimeError):
    """The trusted side broke while grading a submission; no score was made."""


class Job:
    """A grading process of our own, on this machine."""

    def __init__(self, *, trust=False, slack=2.0):
        self.settings = {"trust": trust, "slack": slack}
        self.process, self.stopped = None, False

    def grade(self, prepared, seed):
        """Grade what `grade.prepare` read; returns the record.

        Raises
        ------
        IsolationError, GraderFailed
        """
        for _ in range(2):  # a process that died gets one successor
            if self.stopped:
                raise GraderFailed("stopped")
            if self.process is None or self.process.poll() is not None:
                self._start()
            answer = self._ask({"prepared": prepared, "seed": seed})
            if answer is not None:
                break
            self._end()
        else:
            raise GraderFailed("the grading process ended twice on this submission")
        if "error" in answer:
            raise (IsolationError if answer["isolation"] else GraderFailed)(answer["error"])
        return answer["record"]

    def _start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", __name__, json.dumps(self.settings)], cwd=os.path.abspath(os.sep),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )  # fmt: skip

    def _ask(self, request):
        watch = threading.Timer(ANSWER_SECONDS, self.process.kill)
        watch.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            return json.loads(line) if line.endswith("\n") else None
        except (OSError, ValueError):
            return None
        finally:
            watch.cancel()

    def close(self):
        """End the process, for good; its sandboxes end with it."""
        self.stopped = True
        self._end()

    def _end(self):
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                try:
                    pipe.close()
                except OSError:
                    pass  # what is left was not read

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def main():
    """Be the process: answer requests in order until standard input ends."""
    from cnncourse.grading.host.cgroups import remove_left_over
    from cnncourse.grading.host.grade import Sandboxes, grade_submission

    settings = json.loads(sys.argv[1])
    if sys.platform == "linux":
        remove_left_over()  # of graders that were killed
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing that is printed by chance may stand between answers
    requests = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    with Sandboxes(trust=settings["trust"]) as sandboxes:
        for number in itertools.count():
            if number == 1:
                gc.freeze()  # what the first one has imported stays: no need to look it through again and again
            request = requests.get()
            try:
                record = grade_submission(request["prepared"], request["seed"], sandboxes, settings["slack"])
                answer = {"record": record}
            except Exception as problem:
                isolation = isinstance(problem, IsolationError)
                text = str(problem) if isolation else f"{type(problem).__name__}: {problem}"
                answer = {"error": text, "isolation": isolation}
            print(json.dumps(answer), file=answers, flush=True)


def _read_requests(requests):
    """Hand over lines; when they end, the process that wanted answers is gone, and we go at once."""
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()
