"""Compiling in children: in turn, in parallel, and when one dies."""

import tempfile
from pathlib import Path

import pytest

from tyrex.backends.llvm.codegen import CodegenError, Options
from tyrex.backends.llvm.compile import compile_to_object, job_of
from tyrex.backends.llvm.host import detect_host
from tyrex.backends.llvm.pool import CompilePool, Worker
from tyrex.backends.llvm.targets import parse_target
from tyrex.backends.llvm.worker import Job, main

SOURCE = "define i32 @k() {{ ret i32 {0} }}"

# An intrinsic of another architecture: LLVM cannot select it, and aborts.
DEADLY = """
declare i32 @llvm.x86.sse2.pmovmskb.128(<16 x i8>)
define i32 @k(<16 x i8> %x) {
  %a = call i32 @llvm.x86.sse2.pmovmskb.128(<16 x i8> %x)
  ret i32 %a
}"""


def test_results_are_those_of_this_process() -> None:
    jobs = [job_of(SOURCE.format(n), detect_host()) for n in range(5)]
    with CompilePool(2) as pool:
        futures = [pool.submit(job) for job in jobs]
        assert [future.result() for future in futures] == [job.run() for job in jobs]


def test_a_refusal_leaves_the_worker_alive() -> None:
    worker = Worker()
    with pytest.raises(CodegenError, match="no valid LLVM IR"):
        worker.run(job_of("nonsense", detect_host()))
    assert worker.alive
    job = job_of(SOURCE.format(1), detect_host())
    assert worker.run(job) == job.run()
    worker.close()


def test_a_death_costs_one_job_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    deadly = job_of(DEADLY, parse_target("aarch64-linux-gnu"))
    harmless = job_of(SOURCE.format(1), detect_host())
    with CompilePool(1) as pool:
        first, second = pool.submit(deadly), pool.submit(harmless)
        with pytest.raises(CodegenError, match="Cannot select") as caught:
            first.result()
        assert second.result() == harmless.run()
    assert "died with status" in str(caught.value)
    (kept,) = tmp_path.iterdir()
    assert (kept / "module.ll").read_text() == DEADLY
    assert str(kept) in (kept / "command.txt").read_text()
    assert "Cannot select" in (kept / "log.txt").read_text()
    assert Job.read(kept / "job.json") == deadly


def test_other_machines_are_compiled_in_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(CodegenError, match="died with status"):
        compile_to_object(DEADLY, parse_target("aarch64-linux-gnu"))


def test_a_pool_has_workers() -> None:
    with pytest.raises(ValueError, match="at least one worker, found 0"):
        CompilePool(0)


def test_a_job_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = job_of(SOURCE.format(3), detect_host(), Options(opt_level=1))
    assert main([str(job.write(tmp_path))]) == 0
    assert (tmp_path / "result").read_bytes() == job.run()
    assert main([str(job_of("nonsense", detect_host()).write(tmp_path))]) == 1
    assert "no valid LLVM IR" in capsys.readouterr().err
