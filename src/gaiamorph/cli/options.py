"""Options that several verbs share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress

from gaiamorph.data.appearance import Appearance
from gaiamorph.data.request import Report
from gaiamorph.output.continuum import Continuum, save_continua
from gaiamorph.output.folders import refuse_existing
from gaiamorph.sound.playback import Playback
from gaiamorph.space import LatentSpace, load

Spread = Parameter(name="*", negative=(), consume_multiple=True)
"""The fields of a dataclass as options. Flags have no --no- form, and a list takes several values after its name."""
Flag = Annotated[bool, Parameter(negative=())]
Space = Annotated[Path, Parameter(help="A space file, a run folder, or hub:owner/name.")]
Overwrite = Annotated[bool, Parameter(negative=(), help="Replace what is in OUT.")]
Config = Annotated[
    Path | None,
    Parameter(
        help="A YAML file with any of these options (underscores in names), or the name of a recipe, such as paper; the command "
        "line wins."
    ),
]
Features = Annotated[
    str | None,
    Parameter(
        help="Feature spaces of distances between sets, separated by commas. By default pca; for pictures hed, where its weights "
        "are installed (a minute or two); for sounds modulations; and, where the data has labels, labels: what a small classifier "
        "of them looks at, trained here on real items. Others: values; inception, where its weights are installed (several times "
        "as long as hed)."
    ),
]


@dataclass(frozen=True, kw_only=True)
class Common:
    """Options of each verb that opens a space and writes a result."""

    overwrite: Overwrite = False
    device: Annotated[Literal["cpu", "cuda", "mps"], Parameter(help="Where to compute.")] = "cpu"
    config: Config = None

    def open(self, space: Path, out: Path | None) -> LatentSpace:
        """The space. Raises UserError, first of all if ``out`` holds something that is not to be replaced."""
        if out is not None:
            refuse_existing(out, self.overwrite)
        return load(space, device=self.device)


@dataclass(frozen=True, kw_only=True)
class Frames(Common):
    """Options of each verb that writes continua."""

    out: Path
    """New folder for the frames, sheet.png, codes.npy and manifest.csv."""
    scale: int | None = None
    """Enlarge frames this many times."""
    include_originals: Flag = False
    """Write the originals beside the frames."""
    paste: Flag = False
    """Also write each frame put back into the photograph of the first item, with a soft edge."""

    playback: Annotated[Playback, Spread] = field(default_factory=Playback)
    appearance: Annotated[Appearance, Spread] = field(default_factory=Appearance)

    def save(self, continua: Iterable[Continuum], sheets: bool = True, report: Report | None = None) -> None:
        save_continua(
            continua,
            self.out,
            scale=1 if self.scale is None else self.scale,
            include_originals=self.include_originals,
            paste=self.paste,
            sheets=sheets,
            playback=self.playback,
            appearance=self.appearance,
            overwrite=self.overwrite,
            report=report,
        )
        print(self.out)


@contextmanager
def progress(what: str, *, hidden: bool = False) -> Iterator[Report]:
    """A function that shows on a terminal how many are done."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=hidden or not console.is_terminal) as bar:
        task = bar.add_task(what)
        yield lambda done, count: bar.update(task, completed=done, total=count)


def names(text: str | None) -> list[str] | None:
    """A list from one word: ``a,b,c``."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]
