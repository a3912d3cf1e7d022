"""Opening a store by its address. A new kind is one module here and one line below."""

from __future__ import annotations

from backup_engine.remotes.address import Address
from backup_engine.remotes.base import Store

__all__ = ["open_store"]


def open_store(address: Address, *, host_key: str = "") -> Store:
    """Open the place an address names; nothing is contacted yet. ``host_key``: the fingerprint a person confirmed.

    Raises ``BadInput`` when the login that it refers to is not there.
    """
    # Loaded when one is asked for: obstore takes 0.1 s and asyncssh 0.3 s, which no other command need pay.
    if address.kind == "file":
        from backup_engine.remotes.folder import FolderStore

        return FolderStore(address)
    if address.kind == "sftp":
        from backup_engine.remotes.sftp import SftpStore

        return SftpStore(address, host_key=host_key)
    from backup_engine.remotes.objects import ObjectStore

    return ObjectStore(address)
