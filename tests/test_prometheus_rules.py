"""The alert rules name only metrics and labels that there are, can be read by Prometheus, and say what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from equipment.server.metrics.definitions import METRICS
from tests import promql
from tests.doc_commands import FENCE
from tests.doc_pages import ROOT, page

FILE = ROOT / "deploy" / "prometheus-rules.yml"
GROUPS = yaml.safe_load(FILE.read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
EVERYWHERE = {"job", "instance"}
"""Labels that Prometheus adds."""
NAMES = {metric.full_name: metric for metric in METRICS.values()}
any_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])


def metric_of(name: str) -> Any:
    """The definition behind the name of a time series; raises ``KeyError``."""
    histogram = re.sub(r"_(bucket|sum|count)$", "", name)
    return NAMES[histogram if histogram in NAMES and NAMES[histogram].kind == "histogram" else name]


@any_rule
def test_its_expression_selects_what_there_is(rule: dict[str, Any]) -> None:
    read = promql.parse(rule["expr"])

    assert read.selected
    known = set(EVERYWHERE)
    for name, matchers in read.selected:
        labels = {*metric_of(name).labels, *(["le"] if name.endswith("_bucket") else [])}
        assert matchers.keys() <= labels, name
        known |= labels
    assert read.labels <= known


@any_rule
def test_it_is_whole_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Equipment[A-Za-z]+", rule["alert"])
    assert promql.DURATION.fullmatch(rule.get("for", "0s"))
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"].keys() == {"summary", "description"}
    selected = promql.parse(rule["expr"]).selected
    told = {label for name, _ in selected for label in metric_of(name).labels} | EVERYWHERE
    for text in rule["annotations"].values():
        assert len(text) > 20 and text.endswith(".")
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= told
        assert text.count("{{") == text.count("}}")


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here")
def test_prometheus_can_read_them() -> None:
    done = subprocess.run(["promtool", "check", "rules", FILE], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(RULES)} rules found" in done.stdout


def test_the_page_names_every_rule_and_no_other() -> None:
    assert len(RULES) == len({rule["alert"] for rule in RULES}) > 15
    assert sorted(set(re.findall(r"`(Equipment\w+)`", page("docs/metrics.md")))) == sorted(
        rule["alert"] for rule in RULES)


def test_the_example_names_the_file_of_the_rules() -> None:
    [(_, example)] = FENCE.findall(page("docs/metrics.md"))
    configuration = yaml.safe_load(example)

    assert configuration["rule_files"] == [FILE.name]
    assert configuration["scrape_configs"][0].keys() == {"job_name", "scrape_interval", "authorization",
                                                         "static_configs"}


@pytest.mark.parametrize(("text", "said"), [
    ("equipment_database_up = 0", "'=' is too much"), ("equipment_database_up == ", "no value"),
    ("absent(equipment_info", r"'\)' is missing"), ('equipment_info{version="1}', "is not understood"),
    ("equipment_info{version=1}", "a text is missing"), ("rate(equipment_info[soon])", "no duration"),
    ("abwesend(equipment_info)", "no function"), ("equipment_info{version>'1'}", "compares no label"),
    ("a unless on place b", r"'\(' is missing"), ("histogram_quantile(a)", "',' is missing"),
])
def test_what_is_no_expression_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        promql.parse(text)


def test_a_metric_that_is_not_there_is_noticed() -> None:
    with pytest.raises(KeyError):
        metric_of("equipment_database_down")
    with pytest.raises(KeyError):
        metric_of("equipment_database_up_bucket")
