"""gaiamorph psychometric"""

import sys
from pathlib import Path

from gaiamorph.cli.options import Overwrite
from gaiamorph.errors import UserError


def psychometric(
    responses: Path,
    /,
    *,
    out: Path,
    answer_b: str | None = None,
    respace: int = 0,
    overwrite: Overwrite = False,
) -> None:
    """Fit psychometric functions to the answers of an identification experiment: point of subjective equality, slope, lapses.

    Args:
        responses: A table (.csv, .tsv, .jsonl) with a row for each trial: weight and response, and if there are several
            participant and pair.
        out: New folder for psychometric.csv, psychometric.png and index.html.
        answer_b: The response that means B. By default 1 (and 0 is A), or b (and a).
        respace: Also write weights.csv: so many weights for each pair, between which answers change evenly; for
            `gaiamorph morph --weights`.
    """
    if respace == 1 or respace < 0:
        raise UserError(f"--respace needs at least 2 weights, not {respace}")
    from gaiamorph.experiments.responses import write

    table, notes = write(responses, out, answer_b=answer_b, respace=respace, overwrite=overwrite)
    for note in notes:
        print(f"gaiamorph: note: {note}", file=sys.stderr)
    print(table.to_string(index=False, float_format="{:.3f}".format, na_rep=""))
    print(out)
