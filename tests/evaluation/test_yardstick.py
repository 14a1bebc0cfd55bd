"""Metrics on constructed cases with known answers, and the whole evaluation on small spaces."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import scipy.linalg
import torch
from tests.conftest import SMALL

import gaiamorph as gm
from gaiamorph.data.synthetic import draw_lines
from gaiamorph.evaluation import METRICS, Case
from gaiamorph.evaluation.codes import distance_agreement, kmeans_accuracy, probe_accuracy, ssim
from gaiamorph.evaluation.evaluate import describe, evaluate
from gaiamorph.evaluation.realism import (
    LINE_PATHS,
    LINE_STEPS,
    approach,
    evenness,
    frechet_distance,
    measure_lines,
    precision_recall,
)
from gaiamorph.evaluation.sharpness import foreign_contrast, octave_energies, spectral_distance


@pytest.fixture(scope="module")
def line_ends():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 2 * np.pi, (2, LINE_PATHS))
    return a, a + (b - a + np.pi) % (2 * np.pi) - np.pi  # the shorter way round


def test_lines_on_a_correct_path(line_ends):
    w = np.linspace(0, 1, LINE_STEPS)
    paths = np.stack([draw_lines(a + w * (b - a)) for a, b in zip(*line_ends, strict=True)])
    distance, smoothness, flat = measure_lines(paths)
    assert distance < 1e-6
    assert abs(smoothness) < 0.01
    assert flat == 0


def test_lines_on_a_pixel_blend(line_ends):
    w = np.linspace(0, 1, LINE_STEPS)[None, :, None, None, None]
    a, b = (draw_lines(angles)[:, None].astype(np.float64) for angles in line_ends)
    distance, smoothness, _ = measure_lines(np.round((1 - w) * a + w * b).astype(np.uint8))
    assert distance == pytest.approx(6.3e-3, rel=0.15)
    assert smoothness == pytest.approx(0.89, abs=0.03)


def test_lines_on_an_abrupt_switch(line_ends):
    a, b = (draw_lines(angles)[:, None] for angles in line_ends)
    distance, smoothness, _ = measure_lines(np.concatenate([np.repeat(a, 8, 1), np.repeat(b, 8, 1)], 1))
    assert distance < 1e-6
    assert smoothness == pytest.approx(0.93, abs=0.01)


def test_one_and_the_same_line_is_flat():
    _, smoothness, flat = measure_lines(np.repeat(draw_lines(np.full(4, 1.0))[:, None], LINE_STEPS, 1))
    assert flat == 1
    assert smoothness == 0


def test_frechet_distance_against_the_matrix_root():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)), rng.normal(size=(300, 5)) + 0.5
    ca, cb = np.cov(a.T), np.cov(b.T)
    root = np.real(scipy.linalg.sqrtm(ca @ cb))
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a + 2) == pytest.approx(20, rel=1e-9)


def test_precision_and_recall_tell_quality_from_variety():
    rng = np.random.default_rng(0)
    real = np.concatenate([rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) + 50])
    half = rng.normal(size=(200, 2))  # one of two groups, all of it real
    precision, recall = precision_recall(half, real)
    assert precision > 0.9
    assert recall == pytest.approx(0.5, abs=0.05)
    assert precision_recall(rng.normal(size=(200, 2)) + 500, real) == (0, 0)


def test_octaves_hold_the_whole_spectrum_and_waves_their_own():
    y = np.arange(32)
    for octave, cycles in enumerate((1, 3, 6, 12)):
        wave = 127 + 100 * np.cos(2 * np.pi * cycles * y / 32)
        picture = np.round(np.tile(wave, (32, 1)))[None, :, :, None]
        energies = octave_energies(picture)
        assert energies.argmax() == octave
        assert energies.sum() == pytest.approx((picture / 255).var(), rel=1e-6)


def test_blur_and_noise_are_both_distance():
    rng = np.random.default_rng(0)
    real = rng.integers(0, 256, (40, 16, 16, 1), dtype=np.uint8).astype(np.float64)
    assert spectral_distance(real, real) == 0
    assert spectral_distance(128 + (real - 128) / np.sqrt(2), real) == pytest.approx(1, abs=1e-9)
    assert spectral_distance(128 + (real - 128) * np.sqrt(2), real) == pytest.approx(1, abs=1e-9)


@pytest.fixture(scope="module")
def natural():
    """Pictures (400, 32, 32, 1) whose energy falls with the square of frequency, as in photographs. Also their brightness."""
    rng = np.random.default_rng(0)
    vertical, horizontal = np.fft.fftfreq(32), np.fft.rfftfreq(32)
    fall = 1 / np.maximum(np.hypot(vertical[:, None], horizontal), 1 / 32)
    waves = rng.normal(size=(400, 32, 17, 2)) @ [1, 1j] * fall
    return 128 + 4 * np.fft.irfft2(waves, norm="ortho")[..., None]


def test_a_mesh_is_seen_however_little_of_the_detail_it_is(natural):
    real, made = natural[:200], natural[200:]
    y, x = np.indices((32, 32))
    mesh = 1.5 * np.where((x + y) % 2, 1.0, -1.0)[..., None]
    assert foreign_contrast(made, real) == 0
    assert spectral_distance(made + mesh, real) < 0.1
    assert foreign_contrast(made + mesh, real) == pytest.approx(1.5, rel=0.1)
    assert foreign_contrast(128 + (made - 128) / 4 + mesh, real) == pytest.approx(1.5, rel=0.1)  # blur does not hide it
    assert foreign_contrast(128 + (made - 128) / 4, real) == 0


def test_grain_where_real_pictures_are_blank():
    rng = np.random.default_rng(0)
    grain = 128 + 5 * rng.normal(size=(50, 32, 32, 1))
    fine = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)) > 1 / 8
    blank = np.full((3, 32, 32, 1), 128)
    assert foreign_contrast(grain, blank) == pytest.approx(5 * np.sqrt(fine.mean()), rel=0.02)
    wave = 128 + 50 * np.cos(2 * np.pi * np.arange(32) * 2 / 32)  # of 16 pixels: a shape
    assert foreign_contrast(np.tile(wave, (3, 32, 1))[..., None], blank) < 1e-6


def test_ssim_by_its_formula_on_one_window():
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand(1, 1, 7, 7, generator=rng), torch.rand(1, 1, 7, 7, generator=rng)
    assert ssim(x, x) == pytest.approx(1)
    assert ssim(x.expand(2, 1, 7, 7), y.expand(2, 1, 7, 7)) < 0.9


def test_steps_of_a_path():
    even = np.linspace(0, 1, 11)[:, None] * np.ones(3)
    assert evenness(even) == pytest.approx(0, abs=1e-9)
    assert approach(even) == 1
    jump = np.array([[0.0], [0], [0], [1], [1]])
    assert evenness(jump) == pytest.approx(math.sqrt(3))
    assert approach(np.array([[0.0], [-1], [0.5], [1]])) == pytest.approx(2 / 3)


def test_codes_that_hold_their_labels():
    rng = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c"], 50)
    z = rng.normal(size=(150, 4)) + 20 * np.eye(4)[np.repeat([0, 1, 2], 50)]
    assert probe_accuracy(z, labels, z, labels) == 1
    assert kmeans_accuracy(z, labels) == 1
    assert kmeans_accuracy(rng.normal(size=(150, 4)), labels) < 0.6
    assert distance_agreement(z, 3 * z) == pytest.approx(1)
    assert distance_agreement(z, rng.normal(size=(150, 4))) < 0.2


@pytest.mark.parametrize("model", ["gaia", "gan"])
def test_every_metric_answers_on_pictures(photos, tmp_path, model):
    space = gm.train(photos, out=tmp_path / "run", model=model, size=16, steps=6, show=False, **SMALL)
    case = Case(space, space.open_data(photos), split="train", features=["pca"])
    evaluate(case, tmp_path / "out")
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    names = {f["name"] for f in results["figures"]}
    assert len(names) == len(results["figures"])
    assert "kernel distance/pca/midpoints" in names
    assert ("reconstruction/ssim" in names) is (model == "gaia")
    assert all(f["meaning"] and f["better"] in ("lower", "higher", "neither") for f in results["figures"])
    sure = {f["name"]: f["error"] for f in results["figures"] if f["error"] is not None}
    assert {"kernel distance/pca/midpoints", "convexity gap/pca"} <= set(sure)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "floor (training items)" in page
    assert f"± {sure['convexity gap/pca']:.2g} pca features" in page
    assert page.count("<img") == 2


def test_every_metric_answers_on_vectors(vector_space, tmp_path):
    case = Case(vector_space, vector_space.open_data("sample:moons"), features=["pca"])
    evaluate(case, tmp_path / "out")
    found = {f["name"] for f in json.loads((tmp_path / "out" / "results.json").read_text())["figures"]}
    assert {"inside the data", "coverage", "convexity gap/pca", "reconstruction/l1"} <= found


def test_metrics_depend_on_the_seed_only(vector_space):
    def figures(seed):
        case = Case(vector_space, vector_space.open_data("sample:moons"), seed=seed, features=["pca"])
        return describe(case, METRICS["convexity"](case))["figures"]

    assert figures(0) == figures(0)
    assert figures(0) != figures(1)


def test_every_item_is_an_end_as_often_as_any_other(vector_space):
    case = Case(vector_space, vector_space.open_data("sample:moons"), features=["pca"])
    case.indices = case.indices[:25]
    case.groups = np.arange(25) // 2
    assert (case.groups[case.pairs[:, 0]] != case.groups[case.pairs[:, 1]]).all()
    for count in (len(case.pairs), 60):
        for side in case.pairs[:count].T:
            assert np.ptp(np.bincount(side, minlength=25)) <= 1


def test_a_split_that_is_not_there(vector_space):
    with pytest.raises(gm.UserError, match="nowhere"):
        Case(vector_space, vector_space.open_data("sample:moons"), split="nowhere")
