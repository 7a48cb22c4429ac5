"""Replacing a file all at once: whoever looks sees the old one or the new one, also after a crash.

What is unfinished lies beside the target as ``.rnntool.<process>-<number>@<place>.partial``. It is removed when the work
fails, and otherwise by the next program, of these or rnntool, that writes into the folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Without a place: of rnntool before it wrote one. libzip writes into a file whose name goes on behind rnntool's.
_UNFINISHED = re.compile(r"\.rnntool\.([0-9]{1,10})-[0-9]+(?:@([0-9a-f]{12}))?\.partial", re.ASCII)
ABANDONED_AFTER = 24 * 60 * 60
"""Seconds without a change, for what a process began of which this one cannot know whether it lives."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[str]:
    """Gives the path of an empty file beside the target; at the end, what was written there takes the target's place.

    A symbolic link is followed: the file that it leads to is replaced. It keeps its permissions; a new file gets those that
    the process gives its files. Raises ``OSError``, or what the body raises; the target is as it was then, and the temporary
    file is gone.
    """
    target = os.path.realpath(path)
    mode = _mode(target)
    folder = os.path.dirname(target)
    remove_abandoned(folder)
    temporary = _created(folder, 0o666 if mode is None else 0o600)
    try:
        yield temporary
        _finish(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    # The new name is in the folder; that it stays there after a power cut, some file systems do not let us ask for.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def place() -> str:
    """Names where process numbers mean the same: a machine since it started, and a container on it. 12 hex digits."""
    boot, namespace = "", ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")
    text = f"{socket.gethostname()}\n{boot}\n{namespace}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def remove_abandoned(folder: str) -> None:
    """Removes what processes left behind that no longer live; nothing is said of what cannot be removed."""
    here = place()
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _UNFINISHED.match(entry.name)
            if found is None:
                continue
            with suppress(OSError):
                process, origin = found.groups()
                # On Windows, to ask whether a process lives is to end it.
                if origin == here and os.name != "nt":
                    is_abandoned = not _lives(int(process))
                else:
                    is_abandoned = time.time() - entry.stat(follow_symlinks=False).st_mtime > ABANDONED_AFTER
                if is_abandoned:
                    os.unlink(entry.path)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        # Another's; or no number that a process can have, which says nothing.
        return True
    return True


def _mode(target: str) -> int | None:
    """The permissions of the file that is there, if one is. Raises ``OSError`` for what is no file."""
    try:
        # Of the path itself: a link that leads to itself is one still.
        status = os.lstat(target)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), target)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), target)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{target} is not a regular file")
    return stat.S_IMODE(status.st_mode)


def _created(folder: str, mode: int) -> str:
    while True:
        name = f".rnntool.{os.getpid()}-{secrets.randbelow(1 << 32)}@{place()}.partial"
        path = os.path.join(folder, name)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
            return path


def _finish(temporary: str, mode: int | None) -> None:
    """Gives the file its permissions, and brings both to the disk."""
    # Opened first: the permissions may be such that this process cannot.
    descriptor = os.open(temporary, os.O_RDWR)
    try:
        if mode is not None:
            os.chmod(temporary, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
