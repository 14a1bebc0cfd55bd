"""Pictures of results: sheets of items, curves, point clouds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gaiamorph.data.images import to_pil

GAP = 4
LABEL_HEIGHT = 22
LABEL_WIDTH = 118


def sheet(
    rows: Sequence[Sequence[np.ndarray | None]],
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    cell: int = 96,
) -> Image.Image:
    """A labelled table of pictures: rows of uint8 (H, W, 1 or 3), or None for an empty place.

    Each is enlarged to ``cell`` pixels across (pictures that are larger keep their size).
    """
    first = next(item for row in rows for item in row if item is not None)
    factor = max(1, round(cell / first.shape[1]))
    height, width = first.shape[0] * factor, first.shape[1] * factor
    left = LABEL_WIDTH if row_labels else GAP
    top = LABEL_HEIGHT if column_labels else GAP
    columns = max(len(row) for row in rows)
    canvas = np.full((top + len(rows) * (height + GAP), left + columns * (width + GAP), 3), 255, np.uint8)
    for i, row in enumerate(rows):
        y = top + i * (height + GAP)
        for j, item in enumerate(row):
            if item is not None:
                if item.shape[:2] != (height, width):
                    item = np.asarray(to_pil(item).resize((width, height), Image.Resampling.BICUBIC))
                    item = item.reshape(height, width, -1)
                x = left + j * (width + GAP)
                canvas[y : y + height, x : x + width] = item
    if column_labels:
        canvas[:top] = _heads(tuple(column_labels), left, width + GAP, canvas.shape[1])
    picture = Image.fromarray(canvas)
    if row_labels:
        pen = ImageDraw.Draw(picture)
        for i, label in enumerate(row_labels):
            y = top + i * (height + GAP) + height // 2 - 8 * (1 + label.count("\n"))
            pen.multiline_text((6, y), label, "black", _font())
    return picture


@lru_cache(maxsize=8)
def _heads(labels: tuple[str, ...], left: int, step: int, width: int) -> np.ndarray:
    """The labels of columns as a strip (LABEL_HEIGHT, width, 3). Kept, for sheets of many continua have the same."""
    picture = Image.new("RGB", (width, LABEL_HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    for j, label in enumerate(labels):
        pen.text((left + j * step + (step - GAP) // 2, 4), label, "black", _font(), anchor="ma")
    return np.asarray(picture)


@cache
def _font():
    return ImageFont.load_default(13)


def points(clouds: Mapping[str, np.ndarray], path: Path, columns: Sequence[str]) -> None:
    """Point clouds (N, D) side by side, by their first two columns (or one against its order)."""
    side = 3.0
    figure, axes = _figure(len(clouds), side, side, layout=None)
    # Margins that hold these labels, in inches: to find them out would take as long as to draw, and trainings draw often.
    left, right, bottom, top, width = 0.55, 0.1, 0.45, 0.3, side * len(clouds)
    figure.subplots_adjust(
        left / width, bottom / side, 1 - right / width, 1 - top / side, wspace=right / (side - right)
    )
    first = axes[0]
    for ax, (title, cloud) in zip(axes, clouds.items(), strict=True):
        plane = cloud.shape[1] > 1
        ax.scatter(*(cloud[:, :2].T if plane else (np.arange(len(cloud)), cloud[:, 0])), s=3, alpha=0.4, linewidths=0)
        ax.set_title(title, fontsize=9)
        if ax is first:
            ax.set_xlabel(columns[0] if plane else "item", fontsize=8)
            ax.set_ylabel(columns[min(1, len(columns) - 1)], fontsize=8)
        else:  # ticks take most of the time, and would be the same
            ax.set(xlim=first.get_xlim(), ylim=first.get_ylim(), xticks=[], yticks=[])
    first.tick_params(labelsize=7)
    first.ticklabel_format(scilimits=(-2, 3))  # no longer than the margins hold
    for axis in (first.xaxis, first.yaxis):
        axis.get_offset_text().set_fontsize(7)
    figure.savefig(path, dpi=110)


def paths(frames: np.ndarray, along: np.ndarray, columns: Sequence[str], path: Path, label: str) -> None:
    """A continuum of vectors (S, D): every column against what changes along it."""
    figure, axes = _figure(1, 5.0, 3.2)
    shown = min(frames.shape[1], 12)
    axes[0].plot(along, frames[:, :shown], marker="o", markersize=3)
    axes[0].legend(list(columns[:shown]), fontsize=7)
    axes[0].set_xlabel(label)
    figure.savefig(path, dpi=110)


def curves(
    runs: Mapping[str, Sequence[Mapping[str, float]]], names: Sequence[str], path: Path, title: str = ""
) -> None:
    """Training curves: rows of ``metrics.csv`` by run; one panel a run with every figure that it has."""
    figure, axes = _figure(len(runs), 5.2, 3.4)
    for ax, (run, rows) in zip(axes, runs.items(), strict=True):
        for name in names:
            xy = [(r["step"], r[name]) for r in rows if name in r and np.isfinite(r[name])]
            if xy:
                ax.plot(*np.array(xy).T, label=name.replace("_", " "), linewidth=1)
        ax.set_title(run, fontsize=10)
        ax.set_xlabel("step", fontsize=9)
        ax.set_ylabel("mean absolute difference", fontsize=9)
        ax.set_ylim(bottom=0)
        ax.legend(fontsize=8)
    if title:
        figure.suptitle(title, fontsize=11)
    figure.savefig(path, dpi=110)


def lines(x: np.ndarray, ys: Mapping[str, np.ndarray], x_label: str, y_label: str, path: Path) -> None:
    """Named curves over one axis."""
    figure, axes = _figure(1, 5.2, 3.4)
    for name, y in ys.items():
        axes[0].plot(x, y, marker="o", markersize=3, label=name, linewidth=1)
    axes[0].set_xlabel(x_label, fontsize=9)
    axes[0].set_ylabel(y_label, fontsize=9)
    axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=110)


def panels(
    x: np.ndarray,
    ys: Mapping[str, np.ndarray],
    errors: Mapping[str, np.ndarray],
    x_label: str,
    y_label: str,
    path: Path,
) -> None:
    """Named curves beside each other, each on a scale of its own that holds 0: for what has no common unit. Shaded: a standard
    error to either side, where it is a number."""
    figure, axes = _figure(len(ys), 3.4, 3.0)
    for ax, (name, y) in zip(axes, ys.items(), strict=True):
        ax.fill_between(x, y - errors[name], y + errors[name], alpha=0.2, linewidth=0)
        ax.plot(x, y, marker="o", markersize=3, linewidth=1)
        ax.axhline(0, color="#999999", linewidth=0.8)
        ax.ticklabel_format(axis="y", scilimits=(-2, 3))
        ax.set_title(name, fontsize=10)
        ax.set_xlabel(x_label, fontsize=9)
    axes[0].set_ylabel(y_label, fontsize=9)
    figure.savefig(path, dpi=110)


def heat_maps(
    maps: Mapping[str, np.ndarray], rows: Sequence[str], columns: Sequence[str], y_label: str, x_label: str, path: Path
) -> None:
    """Matrices (R, C) side by side, in one scale from -1 to 1, with each number written in its cell."""
    side = 1.8 + 0.55 * len(columns)
    figure, axes = _figure(len(maps), side, side)
    for ax, (title, matrix) in zip(axes, maps.items(), strict=True):
        ax.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        for i, j in np.ndindex(matrix.shape):
            shade = "white" if abs(matrix[i, j]) > 0.6 else "black"
            ax.text(j, i, f"{matrix[i, j]:.2f}", ha="center", va="center", fontsize=7, color=shade)
        ax.set_title(title, fontsize=10)
        ax.set_xticks(range(len(columns)), columns, rotation=45, ha="right", fontsize=8)
        ax.set_yticks(range(len(rows)), rows, fontsize=8)
        ax.set_xlabel(x_label, fontsize=9)
        ax.set_ylabel(y_label, fontsize=9)
    figure.savefig(path, dpi=110)


def _figure(panels: int, width: float, height: float, layout: Literal["constrained"] | None = "constrained"):
    # The object interface needs no display and keeps no global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * panels, height), layout=layout)
    return figure, np.atleast_1d(figure.subplots(1, panels, squeeze=False)[0])
