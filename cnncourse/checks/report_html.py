"""A report as HTML for JupyterLab, with got, wanted and difference as small pictures."""

import base64
import html
import struct
import zlib
from pathlib import Path

import numpy as np

from cnncourse.checks.failures import STATUSES
from cnncourse.checks.report import LAST_LINE
from cnncourse.places import section

OPENINGS = ("Tried", "Likely mistake", "Read", "In your line", "Right")


def to_html(report):
    """Write the report as one HTML block that fits light and dark themes."""
    status = STATUSES[report.status]
    parts = [
        f'<div style="border-left:4px solid {status.colour};padding:.4em .9em;margin:.3em 0;line-height:1.45;'
        'color:var(--jp-ui-font-color1,inherit)">',
        f'<div><b>{html.escape(report.task)}</b>: {report.score:g} of {report.max_score:g} points, '
        f'<b>{status.words}</b></div>',
    ]
    if report.status not in ("missing", "right") and len(report.criteria) > 1:
        parts.append(_criteria(report.criteria))
    parts += [f"<div>{_line(line, report.see)}</div>" for line in report.message.splitlines()]
    if report.differences:
        parts.append(picture(report.differences[0]))
    parts += [f"<div><i>Note:</i> {html.escape(note)}</div>" for note in report.notes]
    if report.passed and report.hidden:
        parts.append(f'<div style="opacity:.75">{LAST_LINE}</div>')
    return "\n".join([*parts, "</div>"])


def _criteria(criteria):
    cells = []
    for c in criteria:
        mark = "✓" if c.earned == c.points else "✗"
        cells.append(f"<span title='{html.escape(c.about, quote=True)}' "
                     f"style='margin-right:1.2em;white-space:nowrap'>{mark} {html.escape(c.name)} "
                     f"{c.earned:g}/{c.points:g}</span>")
    lost = [f"<div>✗ <b>{html.escape(c.name)}</b>: {html.escape(c.about)}</div>" for c in criteria
            if c.about and c.earned < c.points]
    return f"<div style='margin:.2em 0'>{''.join(cells)}</div>" + "".join(lost)


def _line(line, see=""):
    """One sentence; its opening word stands out, code in backquotes is set as code, what to read is a link."""
    address = see and line.startswith("Read: ") and section(see, Path.cwd())
    if address:
        link = f'<a href="{html.escape(address, quote=True)}">{html.escape(line.removeprefix("Read: "))}</a>'
        return f"<b>Read</b>: {link}"
    head, colon, rest = html.escape(line).partition(":")
    text = f"<b>{head}</b>{colon}{rest}" if colon and head.startswith(OPENINGS) else html.escape(line)
    pieces = text.split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def picture(difference):
    """Got, wanted and their difference side by side, where both are arrays with two axes or more."""
    got, wanted = difference.got, difference.wanted
    if not all(isinstance(a, np.ndarray) and a.ndim >= 2 and a.size and a.dtype.kind in "fiub" for a in (got, wanted)):
        return ""
    index = _plane_with_difference(difference)
    got, wanted = (_plane(a, index) for a in (got, wanted))
    if max(*got.shape, *wanted.shape) > 64:
        got, wanted = got[:64, :64], wanted[:64, :64]
    panels = [("got", got, False), ("wanted", wanted, False)]
    if got.shape == wanted.shape:
        panels.append(("difference", got - wanted, True))
    both = np.concatenate([got.ravel(), wanted.ravel()])
    finite = both[np.isfinite(both)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    figures = [_figure(name, data, low, high, signed) for name, data, signed in panels]
    where = f"<div style='opacity:.75'>shown: [{', '.join(map(str, index))}, :, :]</div>" if index else ""
    return f"<div style='display:flex;gap:1.2em;flex-wrap:wrap;margin:.4em 0'>{''.join(figures)}</div>{where}"


def _plane_with_difference(difference):
    """The leading indices of the first place that the comparison found wrong."""
    got, wanted, wrong = difference.got, difference.wanted, difference.wrong
    if wrong is None or not wrong.any():
        return (0,) * (min(got.ndim, wanted.ndim) - 2)
    return tuple(int(i) for i in np.argwhere(wrong)[0][:-2])


def _plane(array, index):
    index = tuple(min(i, n - 1) for i, n in zip(index, array.shape, strict=False))[: array.ndim - 2]
    plane = array[index]
    while plane.ndim > 2:
        plane = plane[0]
    return plane.astype(np.float64)


def _figure(name, data, low, high, signed):
    if min(data.shape) == 0:
        return f"<figure style='margin:0'><figcaption>{name}: empty, shape {data.shape}</figcaption></figure>"
    if signed:
        finite = np.abs(data[np.isfinite(data)])
        reach = float(finite.max()) if finite.size else 1.0
        pixels = _diverging(data / (reach or 1.0))
        caption = f"{name}, largest {reach:.3g}"
    else:
        pixels = _grey((data - low) / ((high - low) or 1.0))
        caption = f"{name} {data.shape[0]}×{data.shape[1]}"
    side = max(4, min(24, 160 // max(data.shape)))
    source = base64.b64encode(_png(pixels)).decode()
    alt = f"{name}, {data.shape[0]} by {data.shape[1]} values"
    return (
        f"<figure style='margin:0'><img alt='{alt}' src='data:image/png;base64,{source}' "
        f"width='{side * data.shape[1]}' height='{side * data.shape[0]}' "
        f"style='image-rendering:pixelated;border:1px solid #8888'><figcaption>{caption}</figcaption></figure>"
    )


def _grey(share):
    level = np.nan_to_num(np.clip(share, 0, 1), nan=0.5)
    return np.repeat((255 * level).astype(np.uint8)[..., None], 3, axis=2)


def _diverging(share):
    """White for no difference, blue for too small, orange for too large."""
    share = np.nan_to_num(np.clip(share, -1, 1), nan=1.0)[..., None]
    end = np.where(share < 0, [0, 90, 181], [220, 110, 0])
    return (255 + np.abs(share) * (end - 255)).astype(np.uint8)


def _png(pixels):
    """Encode an (H, W, 3) uint8 array as a PNG file."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
