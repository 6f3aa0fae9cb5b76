"""A table of results: aligned text where there is only text, a real table with row and column heads elsewhere."""

from __future__ import annotations

from html import escape


class Table:
    """Rows of results under named columns; the first column names the rows.

    It shows itself: as aligned plain text in a terminal and in the comparison of notebook outputs, and as an HTML
    table in JupyterLab and in the book, where a screen reader says each value with the names of its row and column.
    """

    def __init__(self, columns: list[str], rows: list[list[str]], caption: str = ""):
        self.columns, self.rows, self.caption = columns, rows, caption

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.columns))]
        text = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines]
        return "\n".join(([self.caption] if self.caption else []) + text)

    def _repr_html_(self) -> str:
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        heads = [f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in self.columns]
        body = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(value)}</td>" for value in rest)
            + "</tr>"
            for first, *rest in self.rows
        )
        return f"<table>{caption}<thead><tr>{''.join(heads)}</tr></thead><tbody>{body}</tbody></table>"


def _written(value, form: str) -> str:
    """Write one value: several numbers side by side, nothing as a dash, a truth value as yes or no."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):  # an array or one of its numbers
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "  ".join(_written(one, form) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = format(value, form)
    return text[1:] if text[:1] == "-" and not text.strip("-0.,%") else text  # no minus zero


def table(rows, columns, caption: str = "") -> None:
    """Show a table of results.

    Parameters
    ----------
    rows
        One sequence of values per row; the first value names the row. A value may be text, a number, a truth value,
        None (shown as a dash), or an array of several numbers.
    columns
        The names of the columns: a list, or a dict from each name to the format of its numbers, as in
        ``{"layers": "d", "training loss": ".2f"}``. Without a format a number is written as `str` writes it.
    caption
        What the table shows, in a few words.

    Raises
    ------
    ValueError
        If a row has another number of values than there are columns.

    Examples
    --------
    >>> table([["plain", 0.5], ["residual", 0.25]], {"network": "", "loss": ".2f"})
    network   loss
    plain     0.50
    residual  0.25
    """
    from IPython.display import display

    forms = columns if isinstance(columns, dict) else dict.fromkeys(columns, "")
    rows = [list(row) for row in rows]
    for row in rows:
        if len(row) != len(forms):
            raise ValueError(f"table: each row needs {len(forms)} values, one per column, got {len(row)}: {row!r}")
    written = [[_written(value, form) for value, form in zip(row, forms.values(), strict=True)] for row in rows]
    display(Table(list(forms), written, caption))
