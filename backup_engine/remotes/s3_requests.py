"""The few questions to S3 that ``obstore`` does not ask: versions, object lock, and removing one version.

Signed as AWS describes it for query strings ("Signature Version 4", UNSIGNED-PAYLOAD); the answers are XML of a few
kilobytes. No login is ever taken from anywhere but the address.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from backup_engine.errors import RemoteFailed
from backup_engine.remotes.address import Address

__all__ = ["S3Requests"]

SECONDS = 30
MARKS = {"key-marker": "NextKeyMarker", "version-id-marker": "NextVersionIdMarker"}
MAX_ANSWER = 4 << 20


class S3Requests:
    """Questions to one bucket."""

    def __init__(self, address: Address, secrets: Mapping[str, str]) -> None:
        self._address = address
        self._secrets = secrets
        self._region = address.options.get("region", "us-east-1")
        self._endpoint = address.options.get("endpoint") or f"https://s3.{self._region}.amazonaws.com"

    def versioned(self) -> bool:
        """Whether the bucket keeps what is overwritten or deleted."""
        status, answer = self.ask("GET", "", {"versioning": ""})
        return status == 200 and "<Status>Enabled</Status>" in answer

    def lock_days(self) -> str:
        """How long the bucket locks new objects by itself, such as ``COMPLIANCE, 30 days``; empty when it does not."""
        status, answer = self.ask("GET", "", {"object-lock": ""})
        mode, length = re.search(r"<Mode>(\w+)</Mode>", answer), re.search(r"<(Days|Years)>(\d+)<", answer)
        if status != 200 or not mode or not length:
            return ""
        return f"{mode[1]}, {length[2]} {length[1].lower()}"

    def versions(self, key: str) -> list[str]:
        """The ids of the versions of one object, delete markers aside."""
        return [version for name, version in self._versions(key) if name == key]

    def versions_below(self, folder: str) -> list[tuple[str, str]]:
        """Key and id of every version of what lies, or lay, in a folder, delete markers aside."""
        return self._versions(f"{folder}/")

    def _versions(self, prefix: str) -> list[tuple[str, str]]:
        found, after = list[tuple[str, str]](), dict[str, str]()
        while True:  # a thousand an answer
            status, answer = self.ask("GET", "", {"prefix": self._full(prefix), "versions": "", **after})
            if status != 200:
                return found
            # up to the next version: without it, an answer of nothing but beginnings takes the square of its length
            for entry in re.findall(r"<Version>((?>(?:[^<]|<(?!/?Version>))*))</Version>", answer):
                key, version = (re.search(rf"<{name}>([^<]+)</{name}>", entry) for name in ("Key", "VersionId"))
                if key and version:
                    found.append((key[1].removeprefix(self._full("")), version[1]))
            marks = {asked: re.search(rf"<{told}>([^<]+)</{told}>", answer) for asked, told in MARKS.items()}
            before, after = after, {name: mark[1] for name, mark in marks.items() if mark}
            if "<IsTruncated>true</IsTruncated>" not in answer or not after or after == before:
                return found

    def locked_until(self, key: str, version: str) -> str:
        """Until when a lock keeps one version from being deleted, as the store writes it; empty where none is told."""
        status, answer = self.ask("GET", self._full(key), {"retention": "", "versionId": version})
        until = re.search(r"<RetainUntilDate>([0-9T:.Z+-]{10,40})</RetainUntilDate>", answer)
        return until[1] if status == 200 and until else ""

    def remove_for_good(self, key: str, version: str) -> int:
        """Remove one version for good; gives the HTTP status: 403 where a lock forbids it."""
        return self.ask("DELETE", self._full(key), {"versionId": version})[0]

    def ask(
        self, method: str, key: str, query: Mapping[str, str], *, headers: Mapping[str, str] | None = None,
        data: bytes = b"",
    ) -> tuple[int, str]:
        """Send one request about the bucket, or an object by its full key: HTTP status and body.

        Raises ``RemoteFailed`` when nobody answers.
        """
        request = urllib.request.Request(
            self._signed(method, key, query, headers or {}), method=method, headers=dict(headers or {}),
            data=data if method == "PUT" else None)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return int(answer.status), answer.read(MAX_ANSWER).decode(errors="replace")
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read(MAX_ANSWER).decode(errors="replace")
        except OSError as problem:
            reason = getattr(problem, "reason", None) or problem.strerror or type(problem).__name__
            raise RemoteFailed(f"{self._address.shown}: {str(reason).partition(chr(10))[0][:200]}") from None

    def _full(self, key: str) -> str:
        return f"{self._address.path}/{key}" if self._address.path else key

    def _signed(self, method: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
        parts = urlsplit(self._endpoint)
        path = quote(f"{parts.path.rstrip('/')}/{self._address.host}/{key}", safe="/-_.~")
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{self._region}/s3/aws4_request"
        signed = {"host": parts.netloc, **{name.lower(): value for name, value in headers.items()}}
        names = ";".join(sorted(signed))
        everything = {**query, "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Date": now, "X-Amz-Expires": "300",
                      "X-Amz-Credential": f"{self._secrets.get('ACCESS_KEY_ID', '')}/{scope}",
                      "X-Amz-SignedHeaders": names}
        if "SESSION_TOKEN" in self._secrets:
            everything["X-Amz-Security-Token"] = self._secrets["SESSION_TOKEN"]
        asked = "&".join(f"{quote(name, safe='-_.~')}={quote(everything[name], safe='-_.~')}"
                         for name in sorted(everything))
        lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
        canonical = f"{method}\n{path}\n{asked}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key_bytes = f"AWS4{self._secrets.get('SECRET_ACCESS_KEY', '')}".encode()
        for step in (now[:8], self._region, "s3", "aws4_request", text):
            key_bytes = hmac.digest(key_bytes, step.encode(), "sha256")
        return f"{parts.scheme}://{parts.netloc}{path}?{asked}&X-Amz-Signature={key_bytes.hex()}"
