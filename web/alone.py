"""That one service alone serves an embedded database: a file that the operating system keeps locked while its process lives."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gisgrid.errors import BadOption

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE: Final = "gisgrid.serving"
_LOCKED_BYTE: Final = 1 << 20
"""Windows lets nobody read what is locked: the byte lies far behind the words of who holds it."""

_MOST_BYTES: Final = 500


@contextmanager
def alone_in(folder: Path, where: str) -> Iterator[None]:
    """Be the only service of a folder (made where it is not there) until the block ends or the process does, however it ends.

    `where` is told to whoever is refused, such as the address that is served. Raises `BadOption` where another one is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_FILE
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BadOption(
            f"{path} cannot be opened ({error.strerror}); the data folder must be one that the service may write",
            zh=f"无法打开 {path}（{error.strerror}）；服务须有数据文件夹的写权限",
        ) from None
    try:
        if not _lock(lock, path):
            raise _taken(folder, lock)
        os.ftruncate(lock, 0)
        _write(lock, f"{where} (process {os.getpid()})")
        yield
        os.ftruncate(lock, 0)
    finally:
        # What the process holds goes with it; the file stays, as one that is deleted could be held twice.
        os.close(lock)


def _lock(lock: int, path: Path) -> bool:
    """Hold the file; False where another process does."""
    try:
        if sys.platform == "win32":
            os.lseek(lock, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise BadOption(
            f"{path} cannot be locked ({error.strerror}); keep the embedded database on a disk of this machine, or use PostgreSQL",
            zh=f"无法锁定 {path}（{error.strerror}）；请把内置数据库放在本机磁盘上，或改用 PostgreSQL",
        ) from None
    return True


def _write(lock: int, text: str) -> None:
    os.lseek(lock, 0, os.SEEK_SET)
    os.write(lock, text.encode())


def _taken(folder: Path, lock: int) -> BadOption:
    os.lseek(lock, 0, os.SEEK_SET)
    said = os.read(lock, _MOST_BYTES).decode("utf-8", "replace").strip()
    who = said if said.isprintable() and said else "another process"
    return BadOption(
        f"the data in {folder} is served already: {who}; the embedded database has one service, so end that one first, or set "
        "GISGRID_DATABASE_URL to a PostgreSQL database, which takes several. Other commands of gisgrid may run beside it",
        zh=f"{folder} 中的数据已有服务在运行：{who}；内置数据库只能由一个服务使用，请先结束它，或用 GISGRID_DATABASE_URL 指定可供多个服务"
        "使用的 PostgreSQL 数据库。gisgrid 的其他命令可以同时运行",
    )
