"""The tables of servers in docs/deployment.md are those of the run beside it, and every row of it is well."""

from __future__ import annotations

from scripts.mongodb_parts import report
from tests.doc_pages import block, page

HEAD, LINES = report.read()


def test_every_server_did_every_verb_and_took_what_the_others_saved() -> None:
    servers = HEAD["servers"]

    assert [line for line in LINES if line["verdict"] != "ok"] == []
    assert len(servers) == 5 and not HEAD["dirty"] and len(HEAD["commit"]) == 40
    for server in servers:
        own = [line for line in LINES if line["server"] == server]
        assert {line.get("saved_by") for line in own} - {None} == {*servers} - {server}
        for topology in ("standalone", "replica set"):
            verbs = [line["verb"] for line in own if line["topology"] == topology and "saved_by" not in line]
            assert verbs == ["fill", "full backup", "verify", "differential backup", "drill", "compare", "replace",
                             "undo", "merge", "prune"]


def test_the_page_names_the_servers_that_were_run_and_a_failure_would_show() -> None:
    text = page("docs/deployment.md")

    assert all(server in text.partition("<!-- servers run -->")[0] for server in HEAD["servers"])
    assert "10 of 10" in block(text, "servers tried")
    bad = [{**line, "verdict": "3 records are gone"} if line["verb"] == "merge" else line for line in LINES]
    assert "| 9 of 10 |" in report.tried(HEAD, bad)
    assert "110 of 120 rows" in report.run(HEAD, bad)
