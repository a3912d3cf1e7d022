"""Skips are for people's machines: CI takes them for failures, but for the few that nothing can be done about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.skips import ALLOWED

pytest_plugins = ["pytester"]

Outcome = Callable[..., tuple[int, str]]

MISSING = "import pytest\npytest.importorskip('no_such_package')\n\ndef test_never() -> None: ..."
IN_TEST = "import pytest\n\ndef test_it() -> None:\n    pytest.skip({!r})"
IN_FIXTURE = (
    "import pytest\n\n@pytest.fixture\ndef server() -> None:\n    pytest.skip('no mongod here')\n\n"
    "def test_it(server: None) -> None: ..."
)
BY_MARK = "import pytest\n\n@pytest.mark.skipif(True, reason='no jq here')\ndef test_it() -> None: ..."
EXPECTED = "import pytest\n\n@pytest.mark.xfail\ndef test_it() -> None:\n    raise ValueError"


@pytest.fixture
def outcome(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Give a function that runs one test file in a pytest of its own; it answers with exit code and output."""

    def run(text: str, *, ci: str) -> tuple[int, str]:
        monkeypatch.setenv("CI", ci)
        result = pytester.runpytest_inprocess("-rs", "-p", "tests.skips", "-p", "no:xdist", pytester.makepyfile(text))
        return result.ret, result.stdout.str()

    return run


@pytest.mark.parametrize(("text", "reason"), [
    (MISSING, "no_such_package"), (IN_TEST.format("no chromium here"), "no chromium here"),
    (IN_FIXTURE, "no mongod here"), (BY_MARK, "no jq here"),
], ids=["file", "test", "fixture", "mark"])
def test_a_skip_fails_in_ci_and_says_what_is_missing(outcome: Outcome, text: str, reason: str) -> None:
    at_home, _ = outcome(text, ci="")
    in_ci, said = outcome(text, ci="true")

    assert at_home in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert in_ci in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert "CI skips nothing" in said and reason in said


@pytest.mark.parametrize("text", [IN_TEST.format(f"{ALLOWED[0]}: denied"), EXPECTED], ids=["allowed", "xfail"])
def test_what_nothing_can_be_done_about_is_no_failure(outcome: Outcome, text: str) -> None:
    assert outcome(text, ci="true")[0] == pytest.ExitCode.OK


@pytest.mark.parametrize(("package", "code", "words"), [
    ("hypothesis", pytest.ExitCode.NO_TESTS_COLLECTED, "no hypothesis here: pip install -r requirements-dev.txt"),
    ("no_such_package", pytest.ExitCode.INTERRUPTED, "No module named 'no_such_package.inner'"),
])
def test_a_file_that_lacks_a_package_for_development_is_skipped_and_no_other(
    outcome: Outcome, monkeypatch: pytest.MonkeyPatch, package: str, code: pytest.ExitCode, words: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    answered, said = outcome(f'raise ModuleNotFoundError("No module named \'{package}.inner\'")', ci="")

    assert answered == code
    assert words in said


def test_this_run_has_the_plugin(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("tests.skips")
