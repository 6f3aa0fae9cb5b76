"""What can become of a call besides a value, and of an answer as a whole: one table for every text and mark."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of failure: how a call can end without a value that can be compared.

    Parameters
    ----------
    slug : name as a mistake in reports and class statistics
    status : status of an answer of which every call fails so (see `STATUSES`)
    told : sentence for the learner; {error}, {name}, {signature}, {seconds} and {wanted} are filled in
    hidden : sentence for feedback on hidden inputs: no input, no value, no text of the learner's
    advice : what to look for; empty where the sentence says it all
    not_run : said of the later calls, which are left out after this failure; empty where they are made
    loading : said where loading the notebook, and not a call, failed so
    """

    slug: str
    status: str
    told: str
    hidden: str
    advice: str = ""
    not_run: str = ""
    loading: str = ""


FAILURES = {
    "timeout": Kind(
        "timeout", "timeout",
        "It did not come back within {seconds:g} seconds.",
        "The function did not come back in time.",
        "The function does not come back in time: look for a loop whose condition never becomes false.",
        not_run="Not run, because an earlier call took too long.",
        loading="the notebook's cells did not finish in time",
    ),
    "died": Kind(
        "died", "error",
        "The process that ran it ended during the call.",
        "The process that ran the function ended during a call.",
        "The process that ran the function ended during the call.",
        not_run="Not run, because an earlier call ended the process.",
        loading="the notebook's cells ended Python",
    ),
    "signature": Kind(
        "signature", "error",
        "It cannot be called that way: {error}. Wanted: {signature}",
        "The function cannot be called with the arguments that the task names.",
        "The function cannot be called as the task names it.",
    ),
    "unsupported_value": Kind(
        "unsupported-value", "error",
        "It returned {error}{wanted}.",
        "The result was not made of arrays and numbers.",
        "The result is of a kind that this task does not know; wanted are arrays and numbers.",
    ),
    "too_large": Kind(
        "too-large", "error",
        "It returned {error}, far larger than asked for.",
        "The result was far too large.",
        "The result is far larger than asked for.",
    ),
    "raised": Kind("raises", "error", "It raised {error}.", "The function raised an error on some input."),
    "not_attempted": Kind(
        "not-attempted", "missing",
        "This part is not attempted yet (NotImplementedError).",
        "Part of it is not attempted yet (NotImplementedError).",
    ),
    "missing": Kind("missing", "missing", "{name} is not defined.", "The name that the task asks for is not defined."),
}  # fmt: skip


@dataclass(frozen=True)
class Status:
    """What became of a whole answer: a mark for terminals, words for people, a colour for pages."""

    mark: str
    words: str
    colour: str = "#b3261e"


STATUSES = {
    "right": Status("✓", "right", "#0a7d4f"),
    "partial": Status("◐", "partly right", "#a15c00"),
    "wrong": Status("✗", "not right yet"),
    "error": Status("✗", "stopped by an error"),
    "timeout": Status("✗", "took too long"),
    "missing": Status("·", "not attempted yet", "#5f6b7a"),
    "refused": Status("✗", "could not be judged, or uses what this task does not allow"),
}


def worst(kinds):
    """Of several kinds of failure the one to speak about: the first in the table."""
    return next((kind for kind in FAILURES if kind in kinds), None)
