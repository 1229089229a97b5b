"""How is a set of connected units divided into connected parts of about equal load, as compact as prices ask?"""

from __future__ import annotations

import numpy as np

__all__ = ["grow_parts"]


def grow_parts(
    rng: np.random.Generator, load: np.ndarray, at: np.ndarray, pairs: np.ndarray, price: np.ndarray, k: int
) -> np.ndarray:
    """Divide units into `k` connected parts.

    Parameters
    ----------
    load : ndarray, shape (n,)
    at : ndarray, shape (n, 2)
        Where each unit lies, metres.
    pairs : ndarray of int, shape (m, 2)
        Units that touch.
    price : ndarray, shape (m,)
        What it costs to part them, beside a squared relative miss of the mean load times nine.
    k : int

    Returns
    -------
    ndarray of int, shape (n,)
        Part of each unit, 0 to k - 1.
    """
    return np.zeros(len(load), int) if k <= 1 else _Growth(rng, load, at, pairs, price, k).part


class _Growth:
    """Connected parts of about equal load, grown from seeds and mended by moving border units."""

    def __init__(
        self, rng: np.random.Generator, load: np.ndarray, at: np.ndarray, pairs: np.ndarray, price: np.ndarray, k: int
    ) -> None:
        self.rng, self.load, self.k = rng, load, k
        self.near: list[dict[int, float]] = [{} for _ in load]
        for (a, b), p in zip(pairs.tolist(), price.tolist(), strict=True):
            self.near[a][b] = self.near[b][a] = p
        self.target = load.sum() / k
        self.part = self._grow(at)
        self._mend()

    def _grow(self, at: np.ndarray) -> np.ndarray:
        n, k = len(self.load), self.k
        weight = self.load + 1e-6
        centre = at[
            self.rng.choice(n, k, replace=False, p=weight / weight.sum() if (weight > 1e-6).sum() >= k else None)
        ]
        for _ in range(20):
            own = ((at[:, None] - centre[None]) ** 2).sum(-1).argmin(1)
            for c in range(k):
                if (own == c).any():
                    centre[c] = np.average(at[own == c], axis=0, weights=weight[own == c])
        part = np.full(n, -1)
        for c in range(k):
            free = np.flatnonzero(part < 0)
            part[free[((at[free] - centre[c]) ** 2).sum(1).argmin()]] = c
        loads = np.array([self.load[part == c].sum() for c in range(k)])
        while (part < 0).any():
            for c in np.argsort(loads):
                edge = {b for u in np.flatnonzero(part == c) for b in self.near[u] if part[b] < 0}
                if edge:
                    far = {u: float(np.hypot(*(at[u] - centre[c]))) for u in edge}
                    tie = {u: sum(60 * p for v, p in self.near[u].items() if part[v] == c) for u in edge}
                    pick = min((far[u] - tie[u], u) for u in edge)[1]
                    part[pick] = c
                    loads[c] += self.load[pick]
                    break
            else:
                part[part < 0] = 0
        return part

    def _connected_without(self, unit: int) -> bool:
        rest = {v for v in np.flatnonzero(self.part == self.part[unit]).tolist() if v != unit}
        if not rest:
            return False
        todo = [next(iter(rest))]
        rest.discard(todo[0])
        while todo:
            for v in self.near[todo.pop()]:
                if v in rest:
                    rest.discard(v)
                    todo.append(v)
        return not rest

    def _mend(self) -> None:
        loads = np.array([self.load[self.part == c].sum() for c in range(self.k)])
        for _ in range(12):
            moved = 0
            for unit in self.rng.permutation(len(self.load)).tolist():
                own = int(self.part[unit])
                best, gain = -1, 1e-9
                ties: dict[int, float] = {}
                for v, price in self.near[unit].items():
                    ties[int(self.part[v])] = ties.get(int(self.part[v]), 0.0) + price
                for other, tie in ties.items():
                    if other == own:
                        continue
                    moves = self.load[unit]
                    before = (loads[own] / self.target - 1) ** 2 + (loads[other] / self.target - 1) ** 2
                    after = ((loads[own] - moves) / self.target - 1) ** 2 + (
                        (loads[other] + moves) / self.target - 1
                    ) ** 2
                    better = 9 * (before - after) + (tie - ties.get(own, 0.0))
                    if better > gain:
                        best, gain = other, better
                if best >= 0 and self._connected_without(unit):
                    loads[own] -= self.load[unit]
                    loads[best] += self.load[unit]
                    self.part[unit] = best
                    moved += 1
            if not moved:
                break
