"""Writing files so that nothing is lost."""

import os
import secrets
from pathlib import Path
from stat import S_IMODE


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, then move it there in one step.

    A reader, or a machine that loses power, sees the old file or the new one and never half of one.
    Folders on the way are created. Who may read the file is as for any new file, or, where it
    replaces one, as it was for that.

    Raises:
        OSError: the file could not be written (disk full, read-only folder); the old one is whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile, whose files only their owner may read: they are made for secrets.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            if path.exists():
                temporary.chmod(S_IMODE(path.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
