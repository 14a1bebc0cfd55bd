"""Whether a face is still the same person, by a face recogniser.

The recogniser is dlib's residual network (King 2017), whose weights come with the package ``face-recognition-models``.
It was trained with a threshold of 0.6 in mind: two pictures of one person are closer than that, pictures of two people
are farther apart.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

import numpy as np
from PIL import Image

from gaiamorph.errors import UserError

SAME_PERSON = 0.6
SIZE = 256
"""Pixels a side that faces are enlarged to before their landmarks are sought."""
_PACKAGE = "face-recognition-models"


def face_descriptors(items: np.ndarray) -> np.ndarray:
    """Descriptors (N, 128) of faces (N, H, W, C), uint8, each of which fills its picture.

    Euclidean distances between descriptors are compared with `SAME_PERSON`. Raises UserError if the recogniser is not
    installed, or for anything but pictures.
    """
    if items.ndim != 4 or items.dtype != np.uint8:
        raise UserError("identity can be judged on pictures of faces only")
    landmarks, network, whole = _recogniser()
    found = []
    for item in items:
        grey_or_rgb = item[..., 0] if item.shape[-1] == 1 else item
        picture = Image.fromarray(grey_or_rgb).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        values = np.asarray(picture)
        found.append(np.array(network.compute_face_descriptor(values, landmarks(values, whole))))
    return np.array(found)


def identity_distances(items: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """How far (N,) each face is from the original in the same place, of which ``originals`` are descriptors (N, 128)."""
    return np.linalg.norm(face_descriptors(items) - originals, axis=1)


_CACHE: list[tuple[Any, Any, Any]] = []


def _recogniser() -> tuple[Any, Any, Any]:
    if not _CACHE:
        try:
            dlib: Any = importlib.import_module("dlib")
            # Found by name: the package itself imports pkg_resources, which new versions of setuptools lack.
            files = {f.name: str(f.locate()) for f in importlib.metadata.files(_PACKAGE) or []}
            landmarks = dlib.shape_predictor(files["shape_predictor_5_face_landmarks.dat"])
            network = dlib.face_recognition_model_v1(files["dlib_face_recognition_resnet_model_v1.dat"])
        except (ImportError, importlib.metadata.PackageNotFoundError, KeyError) as error:
            raise UserError("identity needs a face recogniser: pip install 'gaiamorph[identity]'") from error
        _CACHE.append((landmarks, network, dlib.rectangle(0, 0, SIZE, SIZE)))
    return _CACHE[0]
