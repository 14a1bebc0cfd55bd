"""What lies in a folder of photographs: pictures, and what looks like some but is not read."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from gaiamorph.data import images
from gaiamorph.sound.files import ENDINGS as RECORDINGS

_RAW = ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2 .rwl .srf .srw .x3f"
_DRAWINGS = ".ai .cdr .emf .eps .ps .svg .svgz .wmf"
_OTHERS = ".afphoto .czi .dcm .exr .hdr .jxl .jxr .kra .lif .nd2 .nii .oib .ora .psb .svs .vsi .wdp .xcf"
_VIDEOS = ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .webm .wmv"
_REASONS = {
    _RAW: "a camera's raw file: export it as .jpg or .tif",
    _DRAWINGS: "a drawing that Pillow cannot open safely: export it as .png",
    _OTHERS: "a format that Pillow does not read: export it as .png or .tif",
    _VIDEOS: "a video: take frames out first, as with: ffmpeg -i VIDEO -vf fps=2 frame-%04d.png",
}
_UNREAD = {ending: reason for endings, reason in _REASONS.items() for ending in endings.split()}
"""Endings of files that look like pictures to people, and why they are not read."""
UNHEARD = dict.fromkeys(
    [".m4a", ".aac", ".wma", ".amr", ".ape", ".wv"],
    "a recording that libsndfile does not read: convert it to .wav first, as with: ffmpeg -i FILE FILE.wav",
)
"""Endings of recordings that are not read, and why."""
_OTHERWISE = {".csv", ".json", ".txt", ".xml", ".xmp"}
"""Files with these endings, which often come with photographs, are not looked into."""
_HEADS = {
    b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"GIF8": ".gif", b"II*\0": ".tif", b"MM\0*": ".tif",
    b"8BPS": ".psd", b"\0\0\0\x0cjP  ": ".jp2",
}  # fmt: skip
"""First bytes of pictures, and the ending that they should have."""
_OWN = (
    {"config.yaml", "splits.json"}, {"config.yaml", "metrics.csv"}, {"space.safetensors"}, {"results.json", "index.html"},
    {"results.csv", "table.csv", "table.md"}, {"comparison.png", "curves.png", "index.html"}, {"psychometric.csv", "index.html"},
    {"space.json", "decoder.onnx"},
)  # fmt: skip
"""Files by which a folder of results of this program is known: a run, an evaluation, a comparison, the demo, a psychometric fit,
and a space as ONNX."""


@dataclass
class Found:
    """pictures, recordings: (name, path), sorted by name. skipped: (name, reason), of what looks like a picture. unheard: the same,
    of recordings. results: folders that were not entered.

    A name is a relative path with slashes. Bytes in it that are no UTF-8 are written as ``\\xff``.
    """

    pictures: list[tuple[str, Path]] = field(default_factory=list)
    recordings: list[tuple[str, Path]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    unheard: list[tuple[str, str]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)


def printable(text: str) -> str:
    """Text that every file and terminal takes: bytes of a file name that are no UTF-8 are written as ``\\xff``."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def find(folder: Path) -> Found:
    """The pictures and recordings below ``folder``, by the endings that can be read, and what looks like a picture but is not read.

    Links are followed, but no folder is entered twice, so loops end. Hidden files are ignored, and so are files that are
    plainly something else. Folders of results of this program are not entered, other than ``folder`` itself.
    """
    formats = set(images.readable_formats())
    endings = {ending for ending, name in Image.registered_extensions().items() if name in formats}
    endings |= images.HEIF_ENDINGS if images.HAS_HEIF else set()
    found, entered = Found(), set()

    def locked(error: OSError) -> None:
        found.skipped.append((name(str(error.filename)), f"a folder that cannot be opened: {error.strerror}"))

    def name(path: str) -> str:
        return printable(Path(path).relative_to(folder).as_posix())

    for parent, folders, files in os.walk(folder, followlinks=True, onerror=locked):
        if (real := Path(parent).resolve()) in entered:
            folders.clear()
            continue
        entered.add(real)
        if Path(parent) != folder and is_result(Path(parent), set(files)):
            found.results.append(name(parent))
            folders.clear()
            continue
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for path in (Path(parent, file) for file in files if not file.startswith(".")):
            ending = path.suffix.lower()
            if ending in RECORDINGS:
                found.recordings.append((name(str(path)), path))
                continue
            if ending in UNHEARD:
                found.unheard.append((name(str(path)), UNHEARD[ending]))
            reason = None if ending in endings else _reason(path, ending)
            if ending in endings or reason == "":
                found.pictures.append((name(str(path)), path))
            elif reason:
                found.skipped.append((name(str(path)), reason))
    for some in (found.pictures, found.recordings, found.skipped, found.unheard, found.results):
        some.sort()
    return found


def _reason(path: Path, ending: str) -> str | None:
    """Why a file is not read. None: it is no picture. "": it is one without an ending, which can be read."""
    if ending in images.HEIF_ENDINGS:
        return images.NO_HEIF
    if ending in _UNREAD or ending in _OTHERWISE or not path.is_file():
        return _UNREAD.get(ending)
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError:
        return None
    right = next((right for start, right in _HEADS.items() if head.startswith(start)), None)
    right = ".webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ".heic" if images.is_heif(head) else right
    if right and ending:
        return f"a picture without its right ending: rename it to end in {right}"
    return right and ""


def is_result(folder: Path, files: set[str]) -> bool:
    """Whether this program made a folder with these files: a run, a continuum, an evaluation, a comparison or the demo."""
    if any(own <= files for own in _OWN):
        return True
    if "manifest.csv" not in files:
        return False
    try:  # Other programs write manifests too. Only those of continua name a space.
        with open(folder / "manifest.csv", encoding="utf-8", errors="replace") as file:
            return "space_sha256" in file.readline(10_000)
    except OSError:
        return False
