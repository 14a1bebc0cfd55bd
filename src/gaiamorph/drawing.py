"""Drawings of arrays: contact sheets, curves, point clouds, heat maps."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont, ImageOps

GAP, LABEL_HEIGHT, LABEL_WIDTH = 4, 22, 118
"""Pixels of a sheet: between pictures, and for labels."""
MOST_CELL = 256
"""Larger pictures are made smaller in a sheet."""
FEW_CURVES = 6
"""Names of more stand beside their panel."""
MOST_ACROSS = 13
"""Spectrograms in a row."""
FONT = ImageFont.load_default(13)


def to_pil(item: np.ndarray) -> Image.Image:
    """uint8 (H, W, 1 or 3) as a PIL picture."""
    return Image.fromarray(item[..., 0] if item.shape[-1] == 1 else item)


def write_png(item: np.ndarray, path: Path, scale: int = 1) -> None:
    """Write uint8 (H, W, 1 or 3) as a PNG file, enlarged ``scale`` times."""
    picture = ImageOps.scale(to_pil(item), scale, Image.Resampling.LANCZOS)
    # Level 1 is the fastest. Higher levels make photographs hardly smaller.
    picture.save(path, "png", compress_level=1)


def sheet(
    rows: Sequence[Sequence[np.ndarray | None]],
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    cell: int = 96,
) -> Image.Image:
    """A table of pictures uint8 (H, W, 1 or 3) with labels. None leaves a place empty.

    Pictures are enlarged by a whole factor to about ``cell`` pixels across. Larger ones keep their size, up to 256 pixels.
    """
    first = next(item for row in rows for item in row if item is not None)
    factor = max(1, round(cell / first.shape[1])) * min(1, MOST_CELL / max(first.shape[:2]))
    height, width = (round(side * factor) for side in first.shape[:2])
    left = LABEL_WIDTH if row_labels else GAP
    top = LABEL_HEIGHT if column_labels else GAP
    columns = max(len(row) for row in rows)
    canvas = Image.new("RGB", (left + columns * (width + GAP), top + len(rows) * (height + GAP)), "white")
    for i, row in enumerate(rows):
        for j, item in enumerate(row):
            if item is not None:
                picture = to_pil(item).resize((width, height), Image.Resampling.BICUBIC)
                canvas.paste(picture, (left + j * (width + GAP), top + i * (height + GAP)))
    pen = ImageDraw.Draw(canvas)
    for j, label in enumerate(column_labels or ()):
        pen.text((left + j * (width + GAP) + width // 2, 4), label, "black", FONT, anchor="ma")
    for i, label in enumerate(row_labels or ()):
        y = top + i * (height + GAP) + height // 2 - 8 * (1 + label.count("\n"))
        pen.multiline_text((6, y), label, "black", FONT)
    return canvas


def points(clouds: Mapping[str, np.ndarray], columns: Sequence[str]) -> Image.Image:
    """Point clouds (N, D) side by side: their first two columns, or the only one against the item's number."""
    figure, axes = _axes(len(clouds), 3.0, 3.0, layout=None)
    width = 3.0 * len(clouds)
    # Fixed margins. A layout engine takes as long as the drawing, and trainings draw often.
    figure.subplots_adjust(left=0.65 / width, bottom=0.15, right=1 - 0.1 / width, top=0.9, wspace=0.035)
    first = axes[0]
    for ax, (title, cloud) in zip(axes, clouds.items(), strict=True):
        plane = cloud.shape[1] > 1
        ax.scatter(*(cloud[:, :2].T if plane else (np.arange(len(cloud)), cloud[:, 0])), s=3, alpha=0.4, linewidths=0)
        ax.set_title(title, fontsize=9)
        if ax is not first:  # Ticks take most of the drawing time. All panels share the first one's.
            ax.set(xlim=first.get_xlim(), ylim=first.get_ylim(), xticks=[], yticks=[])
    first.set_xlabel(columns[0] if len(columns) > 1 else "item", fontsize=8)
    first.set_ylabel(columns[:2][-1], fontsize=8)
    first.tick_params(labelsize=7)
    first.ticklabel_format(scilimits=(-2, 3))  # Longer labels would not fit the margins.
    for axis in (first.xaxis, first.yaxis):
        axis.get_offset_text().set_fontsize(7)
    return _rendered(figure)


def curves(
    panels: Mapping[str, tuple[ArrayLike, Mapping[str, ArrayLike]]],
    x_label: str,
    y_label: str = "",
    errors: Mapping[str, np.ndarray] | None = None,
    from_zero: bool = False,
) -> Image.Image:
    """Panels side by side: by title, x (S,) and named curves y (S,). Each panel has its own scale. NaN is left out.

    errors: by title, one standard error (S,) of the panel's only curve. It draws a band, and has no name in a legend.
    from_zero: every scale holds 0.
    """
    figure, axes = _axes(len(panels), 3.4 if errors else 5.2, 3.0 if errors else 3.4)
    for ax, (title, (x, ys)) in zip(axes, panels.items(), strict=True):
        for name, y in ys.items():
            xy = np.array([x, y], float)
            xy = xy[:, np.isfinite(xy[1])]
            if xy.size:
                ax.plot(*xy, marker="o" if xy.shape[1] < 50 else "", markersize=3, linewidth=1, label=name)
            if errors:
                ax.fill_between(x, y - errors[title], y + errors[title], alpha=0.2, linewidth=0)
        if from_zero:
            ax.axhline(0, color="#999999", linewidth=0.8)
        if not errors:  # many names would hide the curves
            beside = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if len(ys) > FEW_CURVES else {}
            ax.legend(fontsize=8, **beside)
        ax.ticklabel_format(axis="y", scilimits=(-2, 3))
        ax.set(title=title, xlabel=x_label)
    axes[0].set_ylabel(y_label)
    return _rendered(figure)


def psychometric(
    panels: Sequence[tuple[str, tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray], float]],
    columns: int,
) -> Image.Image:
    """Panels in rows: title, a curve (x, y), points (x, y, how many answers they stand for), and the weight that a line marks."""
    rows = -(-len(panels) // columns)
    figure, axes = _axes(min(columns, len(panels)), 2.6, 2.4 * rows, rows=rows)
    for ax, (title, curve, (x, y, count), at) in zip(axes, panels, strict=False):
        ax.plot(*curve, linewidth=1)
        ax.scatter(x, y, s=6 + 24 * count / count.max(), alpha=0.7, linewidths=0)
        ax.axvline(at, color="#999999", linewidth=0.8)
        ax.set(ylim=(-0.05, 1.05), title=title[:30], xlabel="weight of B", ylabel="answers B")
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    return _rendered(figure)


def heat_maps(maps: Mapping[str, np.ndarray], names: Sequence[str], y_label: str, x_label: str) -> Image.Image:
    """Square matrices (K, K) side by side, on one scale from -1 to 1. Each cell shows its number."""
    side = 1.8 + 0.55 * len(names)
    figure, axes = _axes(len(maps), side, side)
    for ax, (title, matrix) in zip(axes, maps.items(), strict=True):
        ax.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        for i, j in np.ndindex(matrix.shape):
            shade = "white" if abs(matrix[i, j]) > 0.6 else "black"
            ax.text(j, i, f"{matrix[i, j]:.2f}", ha="center", va="center", fontsize=7, color=shade)
        ax.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=8)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set(title=title, xlabel=x_label, ylabel=y_label)
    return _rendered(figure)


def spectrograms(
    panels: Sequence[tuple[str, np.ndarray, float]], span: tuple[float, float], floor: float
) -> Image.Image:
    """Spectrograms in rows: title, dB (frequencies, moments) and seconds of each, on one scale of each axis.

    span: lowest and highest frequency in Hz. floor: dB that are shown below the loudest cell of all.
    """
    rows = math.ceil(len(panels) / MOST_ACROSS)
    across = math.ceil(len(panels) / rows)
    figure, axes = _axes(across, 1.2, 2.2 * rows, layout=None, rows=rows)
    width, height = 1.2 * across, 2.2 * rows
    edges = {"left": 0.6 / width, "right": 1 - 0.1 / width, "bottom": 0.44 / height, "top": 1 - 0.26 / height}
    figure.subplots_adjust(**edges, wspace=0.06, hspace=0.3)
    loudest = max(float(values.max()) for _, values, _ in panels)
    longest = 1000 * max(seconds for _, _, seconds in panels)
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    for i, (ax, (title, values, seconds)) in enumerate(zip(axes, panels, strict=False)):
        extent = (0, 1000 * seconds, span[0] / 1000, span[1] / 1000)
        ax.imshow(
            values, aspect="auto", origin="lower", extent=extent, cmap="gray_r", vmin=loudest - floor, vmax=loudest
        )
        ax.set_title(title, fontsize=8)
        ax.set_xlim(0, longest)
        ax.tick_params(labelsize=7)
        ax.locator_params(axis="y", nbins=6)
        ax.locator_params(axis="x", nbins=3)
        # The last number would run into the first of the next panel.
        ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick < 0.85 * longest])
        if i % across:
            ax.set_yticklabels([])
    axes[0].set_ylabel("kHz", fontsize=7)
    bottom = axes[across * (rows - 1)]
    bottom.set_xlabel("ms", fontsize=7)
    figure.text(edges["right"], 0.06 / height, f"white: {floor:g} dB below black", fontsize=7, ha="right")
    return _rendered(figure)


def _axes(
    panels: int, width: float, height: float, layout: Literal["constrained"] | None = "constrained", rows: int = 1
):
    # The object interface needs no display and keeps no global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * panels, height), dpi=110, layout=layout)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, panels, squeeze=False).ravel()


def _rendered(figure: Any) -> Image.Image:
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
