"""Measures of sounds: each on made cases whose answer is known, and all of them on a small space."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest
import soundfile
import torch
from tests.data.conftest import RATE, syllable

import gaiamorph as gm
from gaiamorph.evaluation.case import Case
from gaiamorph.evaluation.evaluate import evaluate
from gaiamorph.evaluation.labels import monotone, shares_of, third
from gaiamorph.evaluation.sounds import cepstral_distortion, contrast, cross_fade, harmonicity, log_spectral_distance
from gaiamorph.features import open_features

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Two labels, low and high, of eight singers."""
    folder = tmp_path_factory.mktemp("labelled")
    rng, rows = np.random.default_rng(0), ["file_name,label,group"]
    for k in range(64):
        high, singer = k % 2, k % 8
        wave = syllable(rng.uniform(0.05, 0.1), 1500 if high else 500)
        soundfile.write(folder / f"{k:02}.wav", wave, RATE)
        rows.append(f"{k:02}.wav,{'high' if high else 'low'},s{singer}")
    (folder / "metadata.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def kind(labelled):
    return gm.open_data(labelled).kind


def test_distances_of_a_sound_from_itself_are_nothing_and_grow_with_noise(kind):
    wave, rng = syllable(0.1, 800), np.random.default_rng(0)
    noise = rng.normal(0, 1, len(wave)).astype(np.float32)
    made = [wave + loud * noise for loud in (0, 0.001, 0.01, 0.1)]
    apart = [log_spectral_distance(x, wave, kind) for x in made]
    assert apart[0] == 0
    assert apart == sorted(apart)
    real = kind.item(wave)[None]
    apart = [cepstral_distortion(kind, kind.item(x)[None], real)[0] for x in made]
    assert apart[0] == 0
    assert apart == sorted(apart)


def test_twice_the_amplitude_is_six_decibels(kind):
    wave = np.random.default_rng(0).normal(0, 0.1, RATE // 10).astype(np.float32)
    assert log_spectral_distance(2 * wave, wave, kind) == pytest.approx(6.02, abs=0.05)


def test_a_cepstral_difference_has_its_size_in_decibels(kind):
    """A ripple of 2 dB over the bands is a distortion of its root mean square."""
    item = kind.item(syllable(0.1, 800))[None]
    item[:, :64] = 0.5
    ripple = item.copy()
    ripple[:, :64] += (2 / 80) * np.cos(np.pi * 5 * (np.arange(64) + 0.5) / 64)[None, :, None]
    assert cepstral_distortion(kind, ripple, item)[0] == pytest.approx(2 / np.sqrt(2), rel=0.01)


def test_noise_and_a_second_contour_lower_the_contrast(kind):
    one, two = (kind.item(syllable(0.1, pitch)) for pitch in (700, 1000))
    noise = kind.item(np.random.default_rng(0).normal(0, 0.1, RATE // 10).astype(np.float32))
    alone = contrast(kind, one[None])
    assert contrast(kind, (0.5 * (one + two))[None]) < alone
    assert contrast(kind, noise[None]) < 0.6 * alone


def test_the_harmonicity_is_the_ratio_of_harmonics_to_noise():
    rng = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 400 * np.arange(RATE) / RATE)
    for wanted in (0, 10, 20):
        noise = rng.normal(0, np.sqrt(0.5 / 10 ** (wanted / 10)), RATE)
        assert harmonicity((tone + noise).astype(np.float32), RATE) == pytest.approx(wanted, abs=2)


def test_labels_along_a_path():
    straight = np.array([[0.9, 0.1, 0], [0.5, 0.5, 0], [0.1, 0.9, 0]])
    detour = np.array([[0.9, 0.1, 0], [0.1, 0.2, 0.7], [0.1, 0.9, 0]])
    back = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.4, 0.6, 0]])
    walked, a, b = np.stack([straight, detour, back]), np.array([0, 0, 0]), np.array([1, 1, 1])
    assert third(walked[:, 1], a, b).tolist() == [False, True, False]
    shares = shares_of(walked, a, b)
    assert shares[0].tolist() == pytest.approx([0.1, 0.5, 0.9])
    assert monotone(shares).tolist() == [True, True, False]


def test_a_cross_fade_has_both_sounds_and_a_length_between():
    a, b = np.ones(100, np.float32), np.full(400, 2, np.float32)
    first, middle, last = cross_fade(a, b, [0, 0.5, 1])
    assert np.array_equal(first, a)
    assert np.array_equal(last, b)
    assert np.array_equal(middle, [1.5] * 100 + [1.0] * 100)


def test_modulations_ignore_where_a_contour_lies(kind):
    x = torch.zeros(3, 1, 64, 64)
    for k, start in enumerate((4, 24)):
        x[k, 0, np.arange(32) + start, np.arange(32) + 8] = 1  # the same contour elsewhere
    x[2, 0, 35 - np.arange(32), np.arange(32) + 8] = 1  # its mirror image
    features = open_features("modulations", x)(x)
    same, other = (features[0] - features[1]).norm(), (features[0] - features[2]).norm()
    assert same < 0.1 * other


def test_a_space_of_sounds_is_evaluated(labelled, monkeypatch, tmp_path):
    for module, most in (("labels", "WALKED"), ("sounds", "HEARD")):
        monkeypatch.setattr(importlib.import_module(f"gaiamorph.evaluation.{module}"), most, 30)
    space = gm.train(
        labelled,
        out=tmp_path / "run",
        model="ae",
        steps=5,
        batch_size=8,
        latent_dim=8,
        network={"width": 8},
        show=False,
    )
    case = Case(space, space.open_data(labelled))
    assert case.feature_names == ["pca", "modulations", "labels"]
    found = json.loads((evaluate(case, tmp_path / "report") / "results.json").read_text())
    figures = {row["name"]: row["value"] for row in found["figures"]}
    assert figures["log-spectral distance/codec alone"] < figures["log-spectral distance/reconstructions"]
    assert figures["mel-cepstral distortion/codec alone"] < figures["mel-cepstral distortion/reconstructions"]
    for name in (
        "labels/third halfway",
        "labels/monotone",
        "labels/third, cross-fades",
        "contrast/midpoints",
        "duration/from codes",
    ):
        assert np.isfinite(figures[name])
