"""Whether the texts of an HDF5 file can be read: the library never ends in a heap whose objects lead nowhere.

References
----------
.. [1] The HDF Group, "HDF5 File Format Specification Version 3.0", section III.E, the global heap.
   https://docs.hdfgroup.org/hdf5/develop/_s_p_e_c.html
"""

from __future__ import annotations

import mmap
from pathlib import Path
from struct import unpack_from

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
"""A collection of the global heap, version 1, and what is reserved."""
_HEADER = 16
"""Bytes before the objects of a collection, and before the content of an object."""


def has_endless_heap(path: Path) -> bool:
    """Whether a collection of texts holds free space of no size before its end, over which no reader gets."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(_SIGNATURE)
        while start >= 0:
            if _is_endless(content, start):
                return True
            start = content.find(_SIGNATURE, start + _HEADER)
    return False


def _is_endless(content: mmap.mmap, start: int) -> bool:
    if start + _HEADER > len(content):
        return False
    end = min(start + unpack_from("<Q", content, start + 8)[0], len(content))
    place = start + _HEADER
    while place + _HEADER <= end:
        number, size = unpack_from("<H6xQ", content, place)
        if number == 0 and size == 0:
            return True
        place += size if number == 0 else _HEADER + -(-size // 8) * 8
    return False
