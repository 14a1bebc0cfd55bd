"""The studio: a page in the browser in which a person morphs and edits with a space. Nothing leaves the machine."""

from gaiamorph.studio.pages import read_files, write_files

__all__ = ["read_files", "write_files"]
