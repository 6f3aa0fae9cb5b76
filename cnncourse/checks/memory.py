"""Answers that keep something: results of earlier calls, or arrays that several calls, or call and caller, share."""

from dataclasses import replace

import numpy as np

from cnncourse.checks.case import holds_array, pack
from cnncourse.checks.compare import same

STALE = "It gives what was right for an earlier call with the same shapes and other values."
SHARED = {
    "shares-results": "A later call changes this result: it is the same array that the later call returns.",
    "shares-argument": "This result changes when the caller writes into an argument: they share their memory.",
}


def notice_stale(trials):
    """Name wrong results that were right for an earlier call with the same shapes: they were kept.

    Numbers alone tell nothing: two layers may well have the same cost.
    """
    right = {}  # shapes of the arguments: the results that were right for them
    for trial in trials:
        if not holds_array(trial.wanted):
            continue
        earlier = right.setdefault(trial.case.shapes, [])
        if trial.difference is None:
            earlier.append(trial.wanted)
        elif trial.outcome.error is None and any(same(trial.outcome.value, wanted) for wanted in earlier):
            _rename(trial, "remembers-calls", STALE)


def call_again(task, student, trials, seed, together=()):
    """More calls, to see that an answer keeps nothing: trials that count besides the first ones.

    Right calls are made once more, and some of the like with other values, and only then the results are looked at.
    Where the exercise asks for new arrays, the arguments are overwritten before, as their caller may do; elsewhere a
    result may be an argument or a view of one, as in PyTorch where there is nothing to do, and of those calls that were
    made `together` before a few are enough. Where a result is wrong, single calls tell what was kept.
    """
    right = [i for i, t in enumerate(trials) if t.difference is None]
    if not task.repeats or not right:
        return []
    order = [right[k] for k in np.random.default_rng([abs(int(seed)), 1]).permutation(len(right))[: task.repeats]]
    drawn = task.draw(int(seed) + 1)
    others = [(trials[i], drawn[i]) for i in order] if len(drawn) == len(trials) else []
    right = [i for i in right if task.new_arrays or i in order or i not in together]
    cases = [*(trials[i].case for i in right), *(case for _, case in others)]
    quick = task.probe == "function" and not any(case.has_functions for case in cases)
    quick = quick and sum(trials[i].outcome.seconds for i in right) < task.seconds / 4
    wrong = _together(task, student, cases, spoil=True) if quick else None
    if wrong is None:
        return _one_by_one(task, student, [trials[i] for i in order], others)
    earlier = {id(case): before.wanted for before, case in others}
    again = [_alone(task, student, trial.case, earlier) for trial in wrong]
    if not wrong or any(t.difference is not None for t in again):
        return again
    slug = "shares-argument" if _together(task, student, cases, spoil=False) == [] else "shares-results"
    for trial in wrong:
        _rename(trial, slug, SHARED[slug])
    return wrong


def _together(task, student, cases, spoil):
    """The wrong trials when all cases are called before any result is looked at; None where there is no telling."""
    calls = [pack(case) for case in cases]
    kwargs = {"calls": calls, "spoil": tuple(_may_change(task, *call) for call in calls) if spoil else ()}
    outcome = student.call(task.name, "several", (), kwargs, seconds=task.seconds)
    values = outcome.value
    if outcome.error is not None or outcome.changed or not isinstance(values, list) or len(values) != len(cases):
        return None
    trials = [
        task.trial(case, replace(outcome, value=value), task.wanted(case))
        for case, value in zip(cases, values, strict=True)
    ]
    for trial in trials:
        trial.repeated = True
    return [t for t in trials if t.difference is not None]


def _may_change(task, args, kwargs):
    """The keys of the arguments that no result may share."""
    names = [*task.parameters()][: len(args)]
    keys = [*enumerate(names), *((name, name) for name in kwargs)]
    return tuple(key for key, name in keys if name in task.new_arrays)


def _one_by_one(task, student, right, others):
    """Some right calls once more, in another order, then the like of them with other values."""
    earlier = {id(case): before.wanted for before, case in others}
    return [_alone(task, student, case, earlier) for case in [*(t.case for t in right), *(c for _, c in others)]]


def _alone(task, student, case, earlier):
    """One more call of a case; of a case that is new, `earlier` holds what was right for the like of it."""
    trial = task.attempt(student, case)
    if trial.difference is not None and trial.outcome.error is None:
        before = earlier.get(id(case))
        if id(case) not in earlier:
            _rename(trial, "remembers-calls", "The same call was right before.")
        elif holds_array(before) and same(trial.outcome.value, before):
            _rename(trial, "remembers-calls", STALE)
    trial.repeated = id(case) not in earlier or trial.difference is None or trial.difference.slug == "remembers-calls"
    return trial


def _rename(trial, slug, sentence):
    text = trial.difference.text
    trial.difference.slug, trial.difference.text = slug, f"{sentence} {text[:1].upper()}{text[1:]}"
