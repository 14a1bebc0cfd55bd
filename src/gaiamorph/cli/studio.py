"""gaiamorph studio"""

import contextlib
import tempfile
import webbrowser
from pathlib import Path

from gaiamorph.cli.options import Common, Flag, Overwrite, Space
from gaiamorph.output.folders import new_folder
from gaiamorph.studio import read_files, write_files
from gaiamorph.studio.server import Server


def studio(
    space: Space,
    /,
    *,
    out: Path | None = None,
    port: int = 0,
    no_browser: Flag = False,
    overwrite: Overwrite = False,
) -> None:
    """Morph and edit with a space in the browser. The pictures stay on this machine.

    Args:
        out: New folder for the page, to put on any web server. Nothing is served then.
        port: Port on 127.0.0.1. 0 takes one that is free.
        no_browser: Do not open a browser.
    """
    opened = Common(overwrite=overwrite).open(space, out)
    if out is not None:
        with new_folder(out, overwrite) as folder:
            write_files(opened, folder)
        print(out)
        return
    with tempfile.TemporaryDirectory() as scratch:
        write_files(opened, Path(scratch))
        files = read_files(Path(scratch))
    with Server(files, port) as server:
        print(f"{server.address} (Ctrl-C ends it)", flush=True)
        if not no_browser:
            webbrowser.open(server.address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
