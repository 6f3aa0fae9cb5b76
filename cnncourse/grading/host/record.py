"""One task's result as plain data, as it is stored, shown and exported."""

import re

BROKE = "The sandbox that this code ran in broke, twice."
EXPECTED_MISSING = frozenset(
    "cnncourse matplotlib IPython ipywidgets seaborn plotly pandas PIL skimage scipy sklearn cv2 torch torchvision "
    "tensorflow keras jax numba google".split()
)


def as_dict(graded, line, name):
    """A task's result as plain data; the message is the one for hidden inputs."""
    report = graded.report
    failed = next((p for p in graded.problems if name in p["names"]), None)
    undefined = failed is not None and report.status == "missing"
    if undefined:
        where = f"cell {failed['cell']}, line {failed['line'] or '?'}"
        text = re.sub(r"[<>\[\]`&|]", "", failed["text"])  # a page of others may read HTML or Markdown in it
        line = line or f"Its definition failed ({where}): {text}."
    return {
        "name": name,
        "id": report.task,
        "score": tidy(report.score),
        "max_score": tidy(report.max_score),
        "status": "error" if undefined else report.status,
        "mistake": report.mistake,
        "message": line or (BROKE if report.error_text == BROKE else _message(report, graded.problems)),
        "see": report.see,
        "criteria": [[c.name, tidy(c.earned), tidy(c.points)] for c in report.criteria],
        "loaded": graded.way,
        "problems": [{key: p[key] for key in ("cell", "line", "text")} for p in graded.problems if _is_told(p)],
        "seconds": round(graded.seconds, 3),
    }


def _is_told(problem):
    """What fails for want of a library that is not expected here is no news: demonstrations, pictures, data."""
    return problem["library"] not in EXPECTED_MISSING


def _message(report, problems):
    """The message; where a name was unknown, with the libraries that could not be imported while loading."""
    lacking = sorted({p["library"] for p in problems if p["library"].isidentifier()})
    if report.passed or not lacking or not report.error_text.startswith("NameError"):
        return report.hidden_message()
    return f"{report.hidden_message()} Not installed where answers are graded: {', '.join(lacking)}."


def tidy(number):
    """A number of points without rounding errors, whole where it is whole."""
    number = round(float(number), 6)
    return int(number) if number == int(number) else number
