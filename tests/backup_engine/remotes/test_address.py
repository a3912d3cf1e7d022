"""What may stand in the address of a remote."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from backup_engine.policy.tiers import Tiers
from backup_engine.remotes.address import check_name, configured, parse


@pytest.mark.parametrize(("url", "kind", "host", "path"), [
    ("s3://backups/lab/one?region=eu-west-1", "s3", "backups", "lab/one"),
    ("s3://Backups", "s3", "Backups", ""),
    ("gs://backups/lab/", "gs", "backups", "lab"),
    ("az://backups/lab?endpoint=https://host/account", "az", "backups", "lab"),
    ("sftp://lab@host.example:2222/srv/backups/", "sftp", "host.example", "/srv/backups"),
    ("file:///mnt/disk/", "file", "", "/mnt/disk"),
])
def test_the_forms(url: str, kind: str, host: str, path: str) -> None:
    address = parse(url)

    assert (address.kind, address.host, address.path) == (kind, host, path)
    assert address.port == {"sftp": 2222}.get(kind, 0)


@pytest.mark.parametrize(("url", "words"), [
    ("ftp://host/x", "no kind of remote"), ("backups", "no kind of remote"), ("s3://", "name of a bucket"),
    ("s3://key:hush-hush@backups/x", "no secrets"), ("sftp://lab:hush-hush@host/x", "no secrets"),
    ("s3://backups/x#hush-hush", "no secrets"), ("s3://backups/x?secret_access_key=hush-hush", "no option"),
    ("s3://backups/x?endpoint=http://host", "allow=http"),
    ("s3://backups/x?endpoint=https://u:hush-hush@host", "without"),
    ("s3://backups/x?endpoint=https://host?sig=hush-hush&x=1", "endpoint"), ("s3://backups/../x", "prefix"),
    ("s3://backups/a//b", "prefix"), ("s3://backups/x?credentials=hush-hush", "credentials must be"),
    ("s3://backups/x?keep_days=hush-hush", "keep_days must be"), ("s3://backups/x?hours=25-26", "hours must be"),
    ("s3://backups/x?keep_days=7&keep_weekly=hush-hush", "keep_weekly must be a number of weeks"),
    ("s3://backups/x?keep_days=7&keep_weekly=-1", "keep_weekly must be"),
    ("s3://backups/x?keep_days=7&keep_weekly=521", "keep_weekly must be a number of weeks, 520 at the most"),
    ("s3://backups/x?keep_weekly=8", "says nothing without keep_days"),
    ("s3://backups/x?keep_days=0&keep_weekly=8", "says nothing without keep_days"),
    ("s3://backups/x?hours=5-5", "hours must be"), ("s3://backups/x?limit=0K", "limit"),
    ("s3://backups/x?region=eu&region=us", "twice"), ("sftp://host/x", "USER@HOST"), ("sftp://lab@host/", "USER@HOST"),
    ("sftp://lab@host:99999/x", "cannot be read"), ("sftp://lab@host/x?host_key=hush-hush", "fingerprint"),
    ("file://host/x", "absolute path"), ("file:///", "absolute path"), ("file:///x?region=eu", "no option"),
])
def test_what_is_refused_and_that_nothing_secret_is_repeated(url: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        parse(url)

    assert "hush-hush" not in str(refused.value)


def test_several_by_name() -> None:
    said = configured("disk=file:///mnt/disk\n  cloud=s3://backups/lab?region=eu-west-1")

    assert said == {"disk": "file:///mnt/disk", "cloud": "s3://backups/lab?region=eu-west-1"}
    assert configured("") == {}


@pytest.mark.parametrize("text", ["file:///x", "Disk=file:///x", "a=file:///x a=file:///y", "a=", "=file:///x"])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(BadInput):
        configured(text)


def test_a_name_alone() -> None:
    assert check_name("disk-2") == "disk-2"
    with pytest.raises(BadInput):
        check_name("../disk")


@pytest.mark.parametrize(("hours", "open_hours"), [
    ("20-6", {20, 23, 0, 5}), ("9-17", {9, 16}), ("0-24", {0, 23}),
])
def test_hours_of_the_day(hours: str, open_hours: set[int]) -> None:
    address = parse(f"file:///x?hours={hours}")

    assert {hour for hour in (20, 23, 0, 5, 9, 16) if address.open_at(hour)} >= open_hours
    assert address.open_at(7) == (hours == "0-24")
    assert address.open_at(18) == (hours == "0-24")


def test_limit_and_retention() -> None:
    address = parse("file:///x?limit=1.5M&keep_days=90")

    assert (address.bytes_per_second, address.keep_days) == (1.5e6, 90)
    assert (parse("file:///x").bytes_per_second, parse("file:///x").keep_days) == (0, 0)
    assert parse("file:///x").tiers == Tiers()
    assert parse("file:///x?keep_days=7&keep_hourly=24&keep_yearly=5").tiers == Tiers(hourly=24, yearly=5)
    assert parse("s3://backups/x?region=eu").shown == "s3://backups/x"
