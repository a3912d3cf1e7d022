"""What the disks below data, backups, checkout and temporary files are. Needs root: each has mounts of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.situation_parts.ground import ROOT, USE, Ended, Ground
from scripts.situation_parts.judging import judged
from scripts.situation_parts.situation import SAYS, WORKS, NotHere, Outcome, Situation

KIND = "disk"
ALONE = ("unshare", "--mount", "--propagation", "private")
"""Mounts that nobody else sees, and that end with the command."""
COMMAND = '"$PYTHON" backup_csv_for_db_restore.py'
SMALL = f'mount -t tmpfs -o size=1500m tmpfs "$F/m"\n{COMMAND} backup --force\n'
"""A disk of its own for the data folder, on which MongoDB has run once."""
NETWORK = {"nfs": "NFS", "cifs": "CIFS"}


def mounted(script: str, *, data: str = "", backups: str = "", use: str = USE) -> Callable[[Ground], Outcome]:
    """Give what mounts and then uses the product; ``$F`` is the folder, in which ``m`` is for the mount."""

    def play(ground: Ground) -> Outcome:
        return judged(_run(ground, script + use, data, backups), ground)

    return play


def _run(ground: Ground, script: str, data: str, backups: str) -> Ended:
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        raise NotHere("only root on Linux can mount")
    (ground.folder / "m").mkdir()
    places = {"EQUIPMENT_DATA_FOLDER": data, "BACKUP_FOLDER": backups}
    chosen = {name: place.replace("$F", str(ground.folder)) for name, place in places.items() if place}
    return ground.shell(f"set -e\n{script}", before=ALONE, F=str(ground.folder), **chosen)


def image(kind: str) -> Callable[[Ground], Outcome]:
    """Give what uses the product on an image of that file system."""

    def play(ground: Ground) -> Outcome:
        if not shutil.which(f"mkfs.{kind}", path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
            raise NotHere(f"no mkfs.{kind} here")
        if kind not in Path("/proc/filesystems").read_text().split():
            raise NotHere(f"this kernel knows no {kind}")
        picture = ground.folder / "image"
        with picture.open("wb") as file:
            file.truncate(1_500_000_000)
        subprocess.run([f"mkfs.{kind}", "-q", str(picture)], check=True, capture_output=True,
                       env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"})
        return on_mount('mount -o loop "$F/image" "$F/m"\n')(ground)

    return play


def on_mount(script: str) -> Callable[[Ground], Outcome]:
    """Give what uses the product with data and backups on the mount that this makes."""
    return mounted(script, data="$F/m/data", backups="$F/m/backups")


def _fuse(ground: Ground) -> Outcome:
    if not shutil.which("bindfs"):
        raise NotHere("no bindfs here")
    script = 'mkdir "$F/source"\nbindfs "$F/source" "$F/m"\ntrap \'umount "$F/m"\' EXIT\n'
    # Without the diagnosis, which does not wait for so slow a start.
    use = '"$PYTHON" backup_csv_for_db_restore.py backup --force && "$PYTHON" backup_csv_for_db_restore.py verify'
    return mounted(script, data="$F/m/data", backups="$F/m/backups", use=use)(ground)


def _network(kind: str) -> Callable[[Ground], Outcome]:
    def play(ground: Ground) -> Outcome:
        raise NotHere(f"{NETWORK[kind]} is known by its type, and no server and no kernel with it was at hand")

    return play


SITUATIONS = (
    Situation(KIND, "data and backups in memory (tmpfs)", WORKS, on_mount('mount -t tmpfs tmpfs "$F/m"\n')),
    Situation(KIND, "data and backups on overlay, as in a container", WORKS, on_mount(
        'mkdir "$F/o"; mount -t tmpfs tmpfs "$F/o"; mkdir "$F/o/l" "$F/o/u" "$F/o/w"\n'
        'mount -t overlay overlay -o "lowerdir=$F/o/l,upperdir=$F/o/u,workdir=$F/o/w" "$F/m"\n')),
    *(Situation(KIND, f"data and backups on {kind}", WORKS, image(kind)) for kind in ("ext4", "ext2", "vfat", "xfs")),
    Situation(KIND, "data and backups on FUSE", WORKS, _fuse),
    *(Situation(KIND, f"a data folder on {name}", WORKS, _network(kind)) for kind, name in NETWORK.items()),
    Situation(KIND, "a checkout that can only be read, data elsewhere", WORKS, mounted(
        f'mount --bind "{ROOT}" "{ROOT}"; mount -o remount,ro,bind "{ROOT}"; cd "{ROOT}"\n')),
    Situation(KIND, "a checkout that can only be read, data in it", SAYS, mounted(
        f'mount --bind "{ROOT}" "{ROOT}"; mount -o remount,ro,bind "{ROOT}"; cd "{ROOT}"\n'
        "unset EQUIPMENT_DATA_FOLDER BACKUP_FOLDER\n"), 10),
    Situation(KIND, "a data folder that can only be read", SAYS, mounted(
        'mount -t tmpfs -o ro tmpfs "$F/m"\n', data="$F/m/data"), 10),
    Situation(KIND, "a backup folder that can only be read", SAYS, mounted(
        'mount -t tmpfs -o ro tmpfs "$F/m"\n', backups="$F/m/backups")),
    Situation(KIND, "`/tmp` can only be read", WORKS, mounted(
        'mount -t tmpfs tmpfs /mnt; mount --bind /tmp /tmp; mount -o remount,ro,bind /tmp\n',
        data="/mnt/data", backups="/mnt/backups")),
    Situation(KIND, "a data folder on a disk that is nearly full: a restore", SAYS, mounted(
        f'{SMALL}fallocate -l $(($(stat -f -c "%a*%S" "$F/m") - 400000000)) "$F/m/other"\n',
        data="$F/m/data", use=f"{COMMAND} backup --force && {COMMAND} restore newest --mode replace --yes")),
    Situation(KIND, "a data folder on a disk that is nearly full: a backup", WORKS, mounted(
        f'{SMALL}fallocate -l $(($(stat -f -c "%a*%S" "$F/m") - 400000000)) "$F/m/other"\n',
        data="$F/m/data", use=f"{COMMAND} backup --force")),
    Situation(KIND, "a data folder on a disk that is full, and MongoDB has to make its journal", SAYS, mounted(
        f'{SMALL}rm "$F"/m/data/db/journal/*; cat /dev/zero > "$F/m/other" || true\n',
        data="$F/m/data", use=f"{COMMAND} backup --force")),  # with the backup before, which is to work
    Situation(KIND, "a backup folder on a disk that is full", SAYS, mounted(
        'mount -t tmpfs -o size=64k tmpfs "$F/m"; head -c 60k /dev/zero > "$F/m/full"\n', backups="$F/m/backups")),
)
