"""Pictures that are there twice: the same pixels, or nearly so, under several names."""

from itertools import combinations

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 18, 16
"""Pixels of a sketch, a small grey picture by which copies are found."""
MOST_BITS = 3
"""Bits in which the difference hashes of two copies may differ."""
MOST_DIFFERENCE = 0.05
"""Mean absolute difference of the sketches of two copies, in standard deviations of the one with less contrast. Re-saved and
resized photographs stay below. Two photographs of one person, in one pose, are 0.1 apart and more."""
_BANDS, _EQUAL = 6, 3
"""Hashes that differ in at most 3 bits agree in at least 3 of 6 bands of bits."""
_MOST_NEIGHBOURS = 64
"""A hash is compared with so many others that agree with it in 3 bands. It bounds the time for pictures that are all alike."""


def sketch(picture: Image.Image) -> np.ndarray:
    """A picture of mode L or RGB as a small grey one, uint8 (HEIGHT, WIDTH)."""
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR, reducing_gap=3.0).convert("L"))


def difference_bits(sketches: np.ndarray) -> np.ndarray:
    """The difference hash of each picture, bool (N, 64): whether it grows brighter to the right, at each of 8 x 8 places."""
    tones = sketches.reshape(-1, 8, HEIGHT // 8, 9, WIDTH // 9).sum((2, 4), dtype=np.uint16)
    return (tones[:, :, 1:] > tones[:, :, :-1]).reshape(-1, 64)


def families(contents: list[str], sketches: np.ndarray) -> list[tuple[bool, list[int]]]:
    """Sets of items that are copies of each other: whether their contents are equal, and their positions.

    contents: a hash of the pixels of each item. sketches: uint8 (N, HEIGHT, WIDTH).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, first, same = np.unique(np.asarray(contents, dtype=str), return_index=True, return_inverse=True)
    pairs = first[near_pairs(sketches[first])]
    edges = np.concatenate([pairs, np.stack([np.arange(len(same)), first[same]], axis=1)])
    count = len(contents)
    family = connected_components(coo_array((np.ones(len(edges)), edges.T), shape=(count, count)))[1]
    order = np.argsort(family, kind="stable")
    sets = np.split(order, np.flatnonzero(np.diff(family[order])) + 1)
    found = [(len(set(same[some])) == 1, some.tolist()) for some in sets if len(some) > 1]
    return sorted(found, key=lambda one: one[1])


def near_pairs(sketches: np.ndarray) -> np.ndarray:
    """Positions (K, 2) of pictures that are nearly equal: first by their hashes, then by their sketches."""
    bits = difference_bits(sketches)
    flat = sketches.reshape(len(sketches), WIDTH * HEIGHT).astype(np.int16)
    means, limits = flat.mean(1), MOST_DIFFERENCE * flat.std(1)
    found = [np.empty((0, 2), np.int64)]
    for bands in combinations(np.array_split(np.arange(64), _BANDS), _EQUAL):
        first = np.concatenate(bands)
        columns = np.concatenate([first, np.setdiff1d(np.arange(64), first)])
        keys = np.frombuffer(np.packbits(bits[:, columns], axis=1).tobytes(), ">u8").astype(np.uint64)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        heads, alike = keys >> np.uint64(64 - len(first)), np.arange(len(keys))
        for distance in range(1, _MOST_NEIGHBOURS + 1):
            alike = alike[alike < len(keys) - distance]
            alike = alike[heads[alike] == heads[alike + distance]]
            if not len(alike):
                break
            differing = (keys[alike] ^ keys[alike + distance]).view(np.uint8).reshape(-1, 8)
            near = alike[np.unpackbits(differing, axis=1).sum(1) <= MOST_BITS]
            a, b = order[near], order[near + distance]
            limit = np.minimum(limits[a], limits[b])
            likely = np.abs(means[a] - means[b]) <= limit  # A bound that is cheaper than the difference itself.
            a, b, limit = a[likely], b[likely], limit[likely]
            equal = np.abs(flat[a] - flat[b]).mean(1) <= limit
            found.append(np.stack([a[equal], b[equal]], axis=1))
    return np.concatenate(found)
