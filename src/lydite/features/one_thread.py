"""Products of matrices that come out the same to the last bit on any number of cores.

A library of linear algebra parts a product among its threads, and how it is parted shows in the last digits:
enough to tell a run of eight workers from that of one, or a machine of two cores from one of sixty-four.
Workers, not threads, are what makes many pictures quick.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[Any]:
    """While it is open, products of numpy and scipy are computed by one thread of the process."""
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1)
    return limited


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
