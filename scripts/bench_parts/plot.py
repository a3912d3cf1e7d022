"""A picture of cost against size: both axes logarithmic, so that a cost in proportion to size is a straight line."""

from __future__ import annotations

import math
from collections.abc import Mapping

WIDTH, HEIGHT, MARGIN = 640, 360, 60
INK, LINE = "#5b6875", "#1f5a8a"


def svg(seconds: Mapping[int, float]) -> str:
    """Draw seconds by number of documents."""
    xs, ys = [math.log10(count) for count in seconds], [math.log10(value) for value in seconds.values()]
    low, high = math.floor(min(ys)), math.ceil(max(ys))

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - xs[0]) / (xs[-1] - xs[0]) * (WIDTH - 2 * MARGIN)
        up = (y - low) / (high - low) * (HEIGHT - 2 * MARGIN)
        return round(MARGIN + across, 1), round(HEIGHT - MARGIN - up, 1)

    points = [at(x, y) for x, y in zip(xs, ys, strict=True)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="28" font-size="15">Backup with read-back: seconds by number of documents</text>',
    ]
    for power in range(low, high + 1):
        x, y = at(xs[0], power)
        parts.append(f'<path d="M{x} {y}H{WIDTH - MARGIN}" stroke="#d6dce2"/>')
        parts.append(f'<text x="{x - 10}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>')
    for count, value, (x, y) in zip(seconds, seconds.values(), points, strict=True):
        parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{LINE}"/>')
        parts.append(f'<text x="{x}" y="{y - 12}" text-anchor="middle">{value:.2g} s</text>')
        parts.append(f'<text x="{x}" y="{HEIGHT - MARGIN + 22}" text-anchor="middle">{count:,}</text>')
    path = " ".join(f"{x},{y}" for x, y in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="2"/></svg>')
    return "\n".join(parts) + "\n"
