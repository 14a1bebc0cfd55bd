"""gaiamorph push"""

from gaiamorph.cli.options import Flag, Space
from gaiamorph.space import load


def push(space: Space, name: str, /, *, licence: str, private: Flag = False, pictures: Flag = False) -> None:
    """Put a space on the Hugging Face Hub, with a model card.

    Log in first (hf auth login). Others open it as hub:owner/name.

    Args:
        name: owner/name. The repository is made if it is missing.
        licence: Under which others may use the space, as the Hub writes it: cc-by-4.0, mit, ...
        private: Only you, or your organisation, can see it.
        pictures: The card shows items that the space draws of its own.
    """
    print(load(space).push_to_hub(name, licence=licence, private=private, pictures=pictures))
