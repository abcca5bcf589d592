"""Compiled functions and where they are kept: a folder for each state of the sources, so that no stale code is ever run.

numba looks only at the file of a function, not at the files of the functions it calls. Here the folder's name holds a
digest of all sources and of numba's version instead. Where no folder can be written, functions are compiled anew in each
process and everything else goes on.
"""

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_PACKAGES: Final = ("gisgrid", "tracks")
_KEEP_S: Final = 30 * 86_400
_PREFIX: Final = "kernels-"


ALL_CORES: Final = threading.Lock()
"""Held while a parallel function runs: not every threading layer of numba lets two threads start one at a time, and two
would only share the same cores."""


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles a function on its first call and keeps the result on disk.

    `options` are numba's. Nothing is compiled when the function is defined.
    """
    return numba.njit(cache=_FOLDER is not None, **options)  # type: ignore[no-any-return]  # numba is untyped


@intrinsic
def prefetch(_typing, array, place):  # type: ignore[no-untyped-def]  # numba is untyped
    """For compiled functions: ask for the cache line of `array[place]`, a flat array, without waiting for it.

    A place beyond the array does no harm.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = signature.args[0]
        values = context.make_array(kind)(context, builder, arguments[0])
        index = context.cast(builder, arguments[1], signature.args[1], types.intp)
        address = builder.bitcast(builder.gep(values.data, [index]), cgutils.voidptr_t)
        number = ir.IntType(32)
        prototype = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, prototype, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
        builder.call(function, [address, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, place), generate


def _digest() -> str:
    root = Path(__file__).parent.parent
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    for package in _PACKAGES:
        for path in sorted((root / package).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _prepare() -> Path | None:
    """The folder for this state of the sources, or None where nothing can be written; old ones are cleared away."""
    wanted = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")
    # Never a folder that others may write, such as /tmp: what is loaded from here is run.
    base = Path(wanted) if wanted else home / "gisgrid"
    folder = base / f"{_PREFIX}{_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        os.utime(folder)
        for other in base.glob(_PREFIX + "*"):
            if other != folder and time.time() - other.stat().st_mtime > _KEEP_S:
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        return None
    return folder


_FOLDER: Final = _prepare()
if _FOLDER is not None:
    numba.config.CACHE_DIR = str(_FOLDER)  # type: ignore[attr-defined]  # set by numba at its start
