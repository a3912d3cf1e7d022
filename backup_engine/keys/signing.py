"""Signatures: who made a set. Encryption does not say it, for anybody can encrypt for a public key.

Ed25519 (RFC 8032) over the metadata as sorted compact JSON, without the keys that change after the commit. The metadata
names the SHA-256 of every file, so the signature is for them too. The secret half lies on the host that makes the sets,
the public half on the recovery sheet: what another host wrote into the folder bears no signature of this key.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backup_engine.errors import BadInput
from backup_engine.keys.identity import MOST_BYTES

__all__ = ["Signer", "checked_public", "is_signed_by", "new_pem"]

PREFIX = "ed25519:"
LATER = frozenset({"metadata_hash", "signature", "pinned", "comment", "warnings", "superseded"})
"""Keys of the metadata that are written or changed after the signature."""


def new_pem() -> str:
    """Make a secret key, as PKCS 8 in PEM."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Signer:
    """Signs with the key in a file."""

    def __init__(self, path: Path) -> None:
        """Read the key. Raises ``BadInput`` for a file that holds none."""
        self._key = _load(path)
        self.public = _public(self._key)
        """Its public half, ``ed25519:BASE64``."""

    def sign(self, metadata: Mapping[str, Any]) -> dict[str, str]:
        """Give the ``signature`` of metadata that is about to be committed."""
        return {"key": self.public, "value": base64.b64encode(self._key.sign(_bytes(metadata))).decode()}


def checked_public(text: str) -> str:
    """Give a public key that is one. Raises ``BadInput``."""
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise BadInput(f"{text!r:.80} is no public signature key ({PREFIX}…).", hint="It stands on the recovery sheet.")
    return text


def is_signed_by(metadata: Mapping[str, Any], public: str) -> bool:
    """Whether the metadata bears a valid signature of that key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signature = metadata.get("signature")
    if not isinstance(signature, Mapping) or signature.get("key") != public:
        return False
    try:
        value = base64.b64decode(str(signature.get("value")), validate=True)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix(PREFIX)))
        key.verify(value, _bytes(metadata))
    except (InvalidSignature, ValueError):
        return False
    return True


def _load(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        with path.open("rb") as file:
            key = load_pem_private_key(file.read(MOST_BYTES), None)
    except OSError as error:
        raise BadInput(f"The signature key {path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(f"{path} holds no signature key.", hint="`keys signer` makes one.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path} holds a key of another kind.", hint="`keys signer` makes one.")
    return key


def _public(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return PREFIX + base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _bytes(metadata: Mapping[str, Any]) -> bytes:
    signed = {name: value for name, value in metadata.items() if name not in LATER}
    return json.dumps(signed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
