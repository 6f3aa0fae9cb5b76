"""Markdown tables, and how numbers stand in them."""

from benchmarks.measure import MEDIAN


def table(head, rows):
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def folded(title, body):
    """Return Markdown that shows its title alone until it is clicked on."""
    return f"\n<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def milliseconds(quartiles, digits=1):
    """Write [lower quartile, median, upper quartile] of seconds as `median (lower–upper)` in milliseconds."""
    low, median, high = (f"{1e3 * t:.{digits if median_is_short(quartiles) else 0}f}" for t in quartiles)
    return f"{median} ({low}–{high})"


def median_is_short(quartiles):
    """Whether a digit behind the point says something: below 100 ms."""
    return quartiles[MEDIAN] < 0.1


def ratio(ours, theirs):
    """Return the ratio of two medians."""
    return ours[MEDIAN] / theirs[MEDIAN]
