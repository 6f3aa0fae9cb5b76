"""Secret seeds: one per course, from which each submission gets its own; kept, so that an appeal can be replayed."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path


def read_or_make_secret(path):
    """Return the course's secret from a file; a new file, for the owner's eyes alone, where there is none.

    Raises
    ------
    ValueError
        Where the file holds fewer than 16 characters.
    """
    path = Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        try:
            os.link(temporary, path)  # unlike a renaming, never over a secret that came first
        except FileExistsError:
            pass
        temporary.unlink()
    secret = path.read_text().strip()
    if len(secret) < 16:
        raise ValueError(f"{path}: a secret of at least 16 characters is wanted, got {len(secret)}")
    return secret


def submission_seed(secret, unit, student):
    """The seed of one student's hidden inputs, an int below 2**48: it cannot be worked out without the secret."""
    return _number(secret, f"inputs/{unit}/{student}")


def visible_seed(seed):
    """The seed of the random state that the student's process may see; tells nothing about the other."""
    return _number(str(seed), "random state")


def alias(secret, student):
    """A student's anonymous id, the same in all units of a course; it cannot be worked out without the secret."""
    return f"anon-{_number(secret, f'alias/{student}'):012x}"


def _number(secret, purpose):
    return int.from_bytes(hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)[:6])
