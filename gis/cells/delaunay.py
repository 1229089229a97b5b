"""Which lines part the ground nearest to one owner's points from that nearest to the next owner's?"""

from __future__ import annotations

import numpy as np

from gis._compiled import compiled

__all__ = ["MM", "share_chains"]

MM = 1e-3
"""Points are taken to a lattice of millimetres: so far orientation is exact in float64, and equal points are one."""
STRAIGHT_SHARE = 0.25
"""A line may leave its true place by this share of the distance to the points on its sides ..."""
STRAIGHT_MM = 500.0
"""... and by this much at most: samples make it zigzag, and each vertex is paid for by all that comes after."""
TIE = 1e-6
"""Of two vertices that lie equally far off, up to rounding, the first one counts."""
DOUBT = 1e-14
"""Relative error of the test whether a circle holds a point."""


@compiled
def _turn(xy: np.ndarray, a: int, b: int, c: int) -> float:
    """Twice the signed area of a triangle (exact for whole millimetres up to some 60 km)."""
    left = (xy[b, 0] - xy[a, 0]) * (xy[c, 1] - xy[a, 1])
    right = (xy[b, 1] - xy[a, 1]) * (xy[c, 0] - xy[a, 0])
    return float(left - right)


@compiled
def _within(xy: np.ndarray, a: int, b: int, c: int, p: int) -> bool:
    """Whether `p` lies inside the circle through the counter-clockwise triangle abc, beyond doubt."""
    ax, ay = xy[a, 0] - xy[p, 0], xy[a, 1] - xy[p, 1]
    bx, by = xy[b, 0] - xy[p, 0], xy[b, 1] - xy[p, 1]
    cx, cy = xy[c, 0] - xy[p, 0], xy[c, 1] - xy[p, 1]
    aa, bb, cc = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    value = aa * (bx * cy - by * cx) + bb * (cx * ay - cy * ax) + cc * (ax * by - ay * bx)
    size = aa * (abs(bx * cy) + abs(by * cx)) + bb * (abs(cx * ay) + abs(cy * ax)) + cc * (abs(ax * by) + abs(ay * bx))
    return bool(value > DOUBT * size)


@compiled
def _order(xy: np.ndarray) -> np.ndarray:
    """Points in columns of about their square root, up and down by turns: each is near the one before."""
    n = len(xy)
    side = max(1, int(np.sqrt(n / 2.0)))
    low, high = xy[:, 0].min(), xy[:, 0].max()
    bottom, top = xy[:, 1].min(), xy[:, 1].max()
    key = np.empty(n)
    for i in range(n):
        column = min(side - 1, int(side * (xy[i, 0] - low) / (high - low + 1.0)))
        up = (xy[i, 1] - bottom) / (top - bottom + 1.0)
        key[i] = column + (up if column % 2 == 0 else 1.0 - up) * 0.999
    return np.argsort(key, kind="mergesort")


@compiled
def _join(twin: np.ndarray, a: int, b: int) -> None:
    twin[a] = b
    if b >= 0:
        twin[b] = a


@compiled
def _holder(xy: np.ndarray, corner: np.ndarray, twin: np.ndarray, used: int, near: int, p: int) -> tuple[int, int]:
    """First half-edge of the triangle that holds `p`, and the half-edge it lies on (-1: on none), by walking."""
    t = near
    for step in range(2 * used):
        if step >= used:  # walking went round in a circle, which only doubtful circles could cause
            t = 3 * (step - used) % used
        out, on = -1, -1
        for k in range(3):
            side = _turn(xy, corner[t + k], corner[t + (k + 1) % 3], p)
            if side < 0.0:
                out = twin[t + k]
                break
            if side == 0.0:
                on = t + k
        if out < 0:
            return t, on
        if step < used:
            t = 3 * (out // 3)
    raise ValueError("a point lies outside the frame")


@compiled
def _triangulate(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Delaunay triangulation of points inside a frame, which are the last four (counter-clockwise).

    Points are put in one by one: the triangle is found by walking from the last one, and edges are flipped until no
    circle holds a point (Lawson 1977).

    Returns
    -------
    corner, twin : ndarray of int64
        Corners of triangle t at 3t, 3t+1, 3t+2, counter-clockwise; half-edge i runs from its corner to the next one;
        its twin or -1.
    count : int
        Half-edges in use.
    """
    n = len(xy) - 4
    corner = np.empty(6 * n + 12, dtype=np.int64)
    twin = np.full(6 * n + 12, -1, dtype=np.int64)
    corner[0], corner[1], corner[2] = n, n + 1, n + 2
    corner[3], corner[4], corner[5] = n, n + 2, n + 3
    _join(twin, 2, 3)
    used = 6
    stack = np.empty(64 + 6 * n, dtype=np.int64)
    at = 0
    for p in _order(xy[:n]):
        t, on = _holder(xy, corner, twin, used, at, p)
        top = 0
        if on < 0:
            a, b, c = corner[t], corner[t + 1], corner[t + 2]
            tb, tc = twin[t + 1], twin[t + 2]
            u, v = used, used + 3
            used += 6
            corner[t + 2] = p
            corner[u], corner[u + 1], corner[u + 2] = b, c, p
            corner[v], corner[v + 1], corner[v + 2] = c, a, p
            _join(twin, u, tb)
            _join(twin, v, tc)
            _join(twin, t + 1, u + 2)
            _join(twin, u + 1, v + 2)
            _join(twin, v + 1, t + 2)
            stack[0], stack[1], stack[2] = t, u, v
            top = 3
        else:
            e = on
            t = 3 * (e // 3)
            e1, e2 = t + (e + 1) % 3, t + (e + 2) % 3
            a, b, c = corner[e], corner[e1], corner[e2]
            f = twin[e]
            s = 3 * (f // 3)
            f1, f2 = s + (f + 1) % 3, s + (f + 2) % 3
            d = corner[f2]
            t1, t2, s1, s2 = twin[e1], twin[e2], twin[f1], twin[f2]
            u, v = used, used + 3
            used += 6
            corner[t], corner[t + 1], corner[t + 2] = c, a, p
            corner[u], corner[u + 1], corner[u + 2] = b, c, p
            corner[s], corner[s + 1], corner[s + 2] = a, d, p
            corner[v], corner[v + 1], corner[v + 2] = d, b, p
            _join(twin, t, t2)
            _join(twin, u, t1)
            _join(twin, s, s1)
            _join(twin, v, s2)
            _join(twin, t + 1, s + 2)
            _join(twin, s + 1, v + 2)
            _join(twin, v + 1, u + 2)
            _join(twin, u + 1, t + 2)
            stack[0], stack[1], stack[2], stack[3] = t, u, s, v
            top = 4
        at = t
        while top > 0:  # the edge opposite to p of each triangle on the stack
            top -= 1
            e = stack[top]
            f = twin[e]
            if f < 0:
                continue
            t, s = 3 * (e // 3), 3 * (f // 3)
            e1, e2 = t + (e + 1) % 3, t + (e + 2) % 3
            f1, f2 = s + (f + 1) % 3, s + (f + 2) % 3
            a, b, d = corner[e], corner[e1], corner[f2]
            if not _within(xy, a, b, p, d) or _turn(xy, a, d, p) <= 0.0 or _turn(xy, d, b, p) <= 0.0:
                continue
            t1, t2, s1, s2 = twin[e1], twin[e2], twin[f1], twin[f2]
            corner[t], corner[t + 1], corner[t + 2] = a, d, p
            corner[s], corner[s + 1], corner[s + 2] = d, b, p
            _join(twin, t, s1)
            _join(twin, t + 1, s + 2)
            _join(twin, t + 2, t2)
            _join(twin, s, s2)
            _join(twin, s + 1, t1)
            stack[top], stack[top + 1] = t, s
            top += 2
    return corner, twin, used


@compiled
def _centre(xy: np.ndarray, a: int, b: int, c: int) -> tuple[float, float]:
    """Centre of the circle through three points, the same to the last bit in whichever order they come."""
    if xy[b, 0] < xy[a, 0] or (xy[b, 0] == xy[a, 0] and xy[b, 1] < xy[a, 1]):
        a, b = b, a
    if xy[c, 0] < xy[a, 0] or (xy[c, 0] == xy[a, 0] and xy[c, 1] < xy[a, 1]):
        a, c = c, a
    if xy[c, 0] < xy[b, 0] or (xy[c, 0] == xy[b, 0] and xy[c, 1] < xy[b, 1]):
        b, c = c, b
    bx, by = xy[b, 0] - xy[a, 0], xy[b, 1] - xy[a, 1]
    cx, cy = xy[c, 0] - xy[a, 0], xy[c, 1] - xy[a, 1]
    twice = 2.0 * (bx * cy - by * cx)
    bb, cc = bx * bx + by * by, cx * cx + cy * cy
    return xy[a, 0] + (cy * bb - by * cc) / twice, xy[a, 1] + (bx * cc - cx * bb) / twice


@compiled
def _straightened(path: np.ndarray, may: np.ndarray, keep: np.ndarray, stack: np.ndarray, n: int) -> None:
    """Mark the vertices to keep so that no other is further from the line than it may be (Douglas-Peucker)."""
    keep[:n] = False
    keep[0] = keep[n - 1] = True
    stack[0, 0], stack[0, 1] = 0, n - 1
    top = 1
    while top > 0:
        top -= 1
        i, j = stack[top, 0], stack[top, 1]
        ax, ay = path[i, 0], path[i, 1]
        dx, dy = path[j, 0] - ax, path[j, 1] - ay
        long = dx * dx + dy * dy
        worst, far = 1.0, -1
        for k in range(i + 1, j):
            px, py = path[k, 0] - ax, path[k, 1] - ay
            share = 0.0 if long == 0.0 else min(1.0, max(0.0, (px * dx + py * dy) / long))
            away = np.hypot(px - share * dx, py - share * dy) / may[k]
            if away > worst + TIE:
                worst, far = away, k
        if far >= 0:
            keep[far] = True
            stack[top, 0], stack[top, 1] = i, far
            stack[top + 1, 0], stack[top + 1, 1] = far, j
            top += 2


@compiled
def _apart(owner: np.ndarray, a: int, b: int, n: int) -> bool:
    return bool(a < n and b < n and owner[a] != owner[b])


@compiled
def _chains(xy: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines between owners in one set of points; vertices and the number of each chain."""
    n = len(xy) - 4
    corner, twin, used = _triangulate(xy)
    many = used // 3
    centre = np.empty((many, 2))
    degree = np.zeros(many, dtype=np.int64)
    cross = np.zeros(used, dtype=np.bool_)
    total = 0
    for t in range(many):
        for k in range(3):
            e = 3 * t + k
            if twin[e] >= 0 and _apart(owner, corner[e], corner[3 * t + (k + 1) % 3], n):
                cross[e] = True
                degree[t] += 1
                total += 1
        if degree[t]:
            centre[t] = _centre(xy, corner[3 * t], corner[3 * t + 1], corner[3 * t + 2])
    out = np.empty((2 * total + 4, 2))
    which = np.empty(2 * total + 4, dtype=np.int64)
    path, may = np.empty((total + 2, 2)), np.empty(total + 2)
    keep = np.empty(total + 2, dtype=np.bool_)
    stack = np.empty((total + 4, 2), dtype=np.int64)
    size, chain = 0, 0
    for rings in range(2):  # first what runs from one end or fork to the next, then what closes
        for start in range(many):
            if degree[start] == 0 or (rings == 0 and degree[start] == 2):
                continue
            for k in range(3):
                e = 3 * start + k
                if not cross[e]:
                    continue
                path[0], may[0] = centre[start], STRAIGHT_MM
                m = 1
                while True:
                    f = twin[e]
                    cross[e] = cross[f] = False
                    a, b = corner[e], corner[f]
                    half = 0.5 * np.hypot(xy[a, 0] - xy[b, 0], xy[a, 1] - xy[b, 1])
                    room = max(1.0, min(STRAIGHT_MM, STRAIGHT_SHARE * half))
                    may[m - 1] = min(may[m - 1], room)
                    t = f // 3
                    path[m], may[m] = centre[t], room
                    m += 1
                    if degree[t] != 2 or t == start:
                        break
                    e = 3 * t
                    while not cross[e]:
                        e += 1
                if path[m - 1, 0] < path[0, 0] or (path[m - 1, 0] == path[0, 0] and path[m - 1, 1] < path[0, 1]):
                    path[:m] = path[:m][::-1].copy()  # the same line, whichever end was met first
                    may[:m] = may[:m][::-1].copy()
                _straightened(path, may, keep, stack, m)
                for i in range(m):
                    if keep[i]:
                        out[size] = path[i]
                        which[size] = chain
                        size += 1
                chain += 1
    return out[:size], which[:size]


@compiled
def share_chains(xy: np.ndarray, owner: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Straightened lines between the Voronoi regions of different owners, set by set.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
        Whole millimetres.
    owner : ndarray of int64, shape (n,)
    start : ndarray of int64, shape (s + 1,)
        Points ``start[i]:start[i + 1]`` are set i.

    Returns
    -------
    vertices : ndarray of float64, shape (v, 2)
        Millimetres. Lines reach far beyond the points.
    chain, of_set : ndarray of int64, shape (v,)
        Line of each vertex, ascending, and its set.
    """
    sets = len(start) - 1
    parts = [np.empty((0, 2))]
    chains = [np.empty(0, dtype=np.int64)]
    owners_of = [np.empty(0, dtype=np.int64)]
    lines = 0
    for s in range(sets):
        points, own = xy[start[s] : start[s + 1]], owner[start[s] : start[s + 1]]
        if len(points) < 2 or np.all(own == own[0]):
            continue
        base = 2147483648
        low = np.array([points[:, 0].min(), points[:, 1].min()])
        keys = (points[:, 0] - low[0]).astype(np.int64) * base + (points[:, 1] - low[1]).astype(np.int64)
        order = np.argsort(keys, kind="mergesort")
        first = np.ones(len(order), dtype=np.bool_)
        for i in range(1, len(order)):
            first[order[i]] = keys[order[i]] != keys[order[i - 1]]
        n = int(first.sum())
        framed = np.empty((n + 4, 2))
        framed[:n] = points[first]
        mid = np.floor(0.5 * (low + np.array([points[:, 0].max(), points[:, 1].max()])))
        reach = np.floor(20.0 * (max(points[:, 0].max() - mid[0], points[:, 1].max() - mid[1]) + 100_000.0))
        framed[n], framed[n + 1] = mid + np.array([-reach, -1.1 * reach]), mid + np.array([1.1 * reach, -reach])
        framed[n + 2], framed[n + 3] = mid + np.array([reach, 1.1 * reach]), mid + np.array([-1.1 * reach, reach])
        framed[n:] = np.floor(framed[n:])
        found, chain = _chains(framed, own[first])
        parts.append(found)
        chains.append(chain + lines)
        owners_of.append(np.full(len(chain), s))
        if len(chain):
            lines += chain[-1] + 1
    size = 0
    for part in parts:
        size += len(part)
    vertices, chain_of, set_of = np.empty((size, 2)), np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    at = 0
    for i in range(len(parts)):
        vertices[at : at + len(parts[i])] = parts[i]
        chain_of[at : at + len(parts[i])] = chains[i]
        set_of[at : at + len(parts[i])] = owners_of[i]
        at += len(parts[i])
    return vertices, chain_of, set_of
