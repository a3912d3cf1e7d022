"""Long work in a thread of the process."""

from __future__ import annotations

import threading

from backup_engine.errors import BadInput
from backup_engine.model import Progress, Watch
from equipment.jobs import Jobs

PATIENCE = 10


def test_a_job_reports_its_result() -> None:
    job = Jobs().start("backup", "Create backup", "ada", lambda watch: 42)

    assert job.done.wait(PATIENCE)
    assert (job.result, job.error, job.running) == (42, None, False)


def test_a_double_click_is_one_operation() -> None:
    jobs, gate, runs = Jobs(), threading.Event(), []

    def work(watch: Watch) -> None:
        runs.append(1)
        gate.wait(PATIENCE)

    first = jobs.start("backup", "a", "ada", work)
    second = jobs.start("backup", "b", "bob", work)
    gate.set()

    assert first is second
    assert first.done.wait(PATIENCE)
    assert runs == [1]


def test_progress_arrives_and_cancel_reaches_the_work() -> None:
    reported, go_on = threading.Event(), threading.Event()

    def work(watch: Watch) -> None:
        watch.step("Reading", 5, 10)
        reported.set()
        go_on.wait(PATIENCE)
        watch.step("Reading", 6, 10)

    job = Jobs().start("backup", "Create backup", "ada", work)
    assert reported.wait(PATIENCE)
    assert job.progress == Progress("Reading", 5, 10)
    job.cancel()
    go_on.set()

    assert job.done.wait(PATIENCE)
    assert job.error is not None
    assert job.error.exit_code == 130


def test_a_known_error_is_kept_as_it_is() -> None:
    error = BadInput("no", hint="try again")

    def work(watch: Watch) -> None:
        raise error

    job = Jobs().start("backup", "Create backup", "ada", work)

    assert job.done.wait(PATIENCE)
    assert job.error is error


def test_an_unforeseen_fault_becomes_a_sentence_with_a_reference() -> None:
    def work(watch: Watch) -> None:
        raise ZeroDivisionError("secret detail")

    job = Jobs().start("backup", "Create backup", "ada", work)

    assert job.done.wait(PATIENCE)
    assert job.error is not None
    assert "reference" in job.error.message
    assert "secret detail" not in str(job.error)


def test_only_a_finished_job_can_be_forgotten() -> None:
    jobs, gate = Jobs(), threading.Event()
    job = jobs.start("backup", "a", "ada", lambda watch: gate.wait(PATIENCE))
    jobs.clear("backup")
    assert jobs.latest("backup") is job
    gate.set()
    assert job.done.wait(PATIENCE)

    jobs.clear("backup")

    assert jobs.latest("backup") is None
