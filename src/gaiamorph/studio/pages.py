"""The files of the studio: the page as it was built, a space as ONNX, and the detector if the space aligns faces."""

from pathlib import Path

from gaiamorph.errors import UserError
from gaiamorph.exports.onnx import write_onnx
from gaiamorph.space import LatentSpace

PAGE = Path(__file__).with_name("page")
"""Where `make studio` builds the page. A wheel has it."""
CODEC = "mel"
"""The codec of sounds that the page has too."""


def write_files(space: LatentSpace, folder: Path) -> None:
    """Write the page and what it reads into a folder, for any web server. Raises UserError."""
    settings = space.kind.settings()
    if not (space.kind.has_photographs or settings.get("codec") == CODEC):
        own = f"{space.kind.name} with the codec {settings['codec']}" if "codec" in settings else space.kind.name
        raise UserError(
            f"the studio is for pictures, and for sounds with the codec {CODEC}, and this is a space of {own}: use gaiamorph morph"
        )
    if not (PAGE / "index.html").is_file():
        raise UserError("the page of the studio has not been built: run make studio, or install gaiamorph from a wheel")
    for file in PAGE.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    write_onnx(space, folder)
    alignment = settings.get("align")
    if space.can_encode and alignment and alignment["points"] == "faces":
        write_detector(folder)


def write_detector(folder: Path) -> None:
    """YuNet for pictures of any size: its file says 640 x 640, which OpenCV does not heed and onnxruntime does."""
    import onnx

    from gaiamorph.data.alignment.faces import model_file

    file = model_file()
    model = onnx.load(file)
    for values, axes in ((model.graph.input, (2, 3)), (model.graph.output, (1,))):
        for value in values:
            for axis in axes:
                value.type.tensor_type.shape.dim[axis].dim_param = f"{value.name}_{axis}"
    del model.graph.value_info[:]
    onnx.save(model, folder / file.name)


def read_files(folder: Path) -> dict[str, bytes]:
    """The content of each file of a folder by name."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}
