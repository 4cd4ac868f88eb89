"""The device's own key: made on its first start, kept beside the store, never sent (HFP/1, RFC 8032)."""

import os
from pathlib import Path

import structlog
from nacl.signing import SigningKey

from huiyin_shared.frames import batch_statement, status_statement
from huiyin_shared.ids import DeviceId

_log = structlog.get_logger()

SEED_BYTES = 32


class DeviceKey:
    """Signs what a device says. Made from the 32 bytes of an Ed25519 private key."""

    def __init__(self, seed: bytes) -> None:
        self._private = SigningKey(seed)
        self.public = bytes(self._private.verify_key).hex()

    def sign_batch(self, device: DeviceId, header_line: bytes, head: bytes) -> bytes:
        """Return the signature of a batch whose last line leads to `head`."""
        return self._private.sign(batch_statement(device, header_line, head)).signature

    def sign_status(self, device: DeviceId, line: bytes) -> bytes:
        """Return the signature of a status."""
        return self._private.sign(status_statement(device, line)).signature


def key_path(store: Path) -> Path:
    """Return where the key of the device whose store lies at `store` is kept."""
    return store.with_name(f"{store.name}.key")


def open_key(path: Path) -> DeviceKey:
    """Return the key in the file at `path`, made there if there is none; only its owner can read the file.

    A file that holds no key is replaced: the hub refuses the new key until an operator accepts it
    (`huiyin-hub device rekey`). Raises `OSError`.
    """
    try:
        seed = path.read_bytes()
    except FileNotFoundError:
        seed = b""
    if len(seed) != SEED_BYTES:
        if seed:
            _log.error("device key damaged, making a new one", file=path.name)
        seed = os.urandom(SEED_BYTES)
        _write(path, seed)
    return DeviceKey(seed)


def _write(path: Path, seed: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(seed)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
