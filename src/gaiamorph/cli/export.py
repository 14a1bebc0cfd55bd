"""gaiamorph export"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gaiamorph.cli.options import Overwrite, Spread
from gaiamorph.exports.film import Film


def export(
    thing: Path,
    /,
    *,
    to: str,
    out: Path,
    distances: Annotated[tuple[int, ...], Parameter(consume_multiple=True, negative=())] = (2,),
    library: Path | None = None,
    film: Annotated[Film, Spread] = Film(),
    overwrite: Overwrite = False,
) -> None:
    """Write a continuum for an experiment, an archive or a slide, or a space for other programs.

    Args:
        thing: Folder of `gaiamorph morph` or `edit`, of one pair or many. For onnx: a run folder, a space file,
            or hub:owner/name.
        to: psychopy (conditions.csv and pairs.csv), jspsych (experiments that run in a browser), bids or psych-ds (data sets), or
            a film of each continuum: gif, webp, apng, mp4 or webm. onnx: the encoder and the decoder of a space.
        out: New folder.
        distances: Steps between the two stimuli of a trial of discrimination. Several are possible.
        library: Folder node_modules with jsPsych, which is copied, so that the experiments need no network.
    """
    from gaiamorph.exports import export as write

    print(write(thing, out, to=to, distances=distances, library=library, film=film, overwrite=overwrite))
