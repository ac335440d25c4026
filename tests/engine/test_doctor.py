"""The doctor: every finding is true, none raises or hangs, and each problem comes with a remedy."""

from pathlib import Path
from threading import Event

import platformdirs
import pytest
import torch

from engine import doctor, video
from engine.checkpoints import save_checkpoint
from engine.cnn import networks
from engine.doctor import CHECKS, Check, CheckError, Finding, examine, exit_code, report


def finding(name: str) -> Finding:
    """What the doctor finds on this machine about ``name``."""
    (only,) = examine(check for check in CHECKS if check.name == name)
    return only


def test_this_machine_can_run_the_app() -> None:
    findings = tuple(examine())
    assert [item.name for item in findings] == [check.name for check in CHECKS]
    assert [item.name for item in findings if item.essential and not item.ok] == []
    assert exit_code(findings) == 0
    assert all(item.detail for item in findings)
    assert [item.name for item in findings if bool(item.remedy) == item.ok] == []


def test_versions_are_those_that_are_imported() -> None:
    assert finding("PyTorch").detail == torch.__version__
    assert "108 games" in finding("Atari").detail


def fails() -> str:
    raise CheckError("the disk is full.", "Empty it.")


def crashes() -> str:
    raise RuntimeError("no such symbol\nand a long trace")


def test_a_failing_check_becomes_a_finding() -> None:
    first, second = examine([Check("disk", fails, essential=True), Check("symbol", crashes)])
    assert first == Finding("disk", False, True, "the disk is full.", "Empty it.")
    assert (second.ok, second.essential) == (False, False)
    assert second.detail == "RuntimeError: no such symbol"


def test_a_hanging_check_is_left_behind() -> None:
    release = Event()
    try:
        (only,) = examine([Check("camera", lambda: str(release.wait()), patience=0.05)])
        assert not only.ok
        assert "no answer within 0.05 s" in only.detail
    finally:
        release.set()


@pytest.mark.parametrize(
    ("ok", "essential", "code"),
    [(True, True, 0), (True, False, 0), (False, False, 0), (False, True, 1)],
)
def test_only_an_essential_problem_stops_the_app(ok: bool, essential: bool, code: int) -> None:
    findings = [Finding("Python", True, True, "3.11"), Finding("it", ok, essential, "is so.")]
    assert exit_code(findings) == code
    verdict = report(findings).splitlines()[-1]
    assert ("cannot run" in verdict) == bool(code)
    assert ("it" in verdict.split(": ")[-1]) == bool(code)


def test_the_report_gives_every_detail_and_remedy() -> None:
    text = report([Finding("camera", False, False, "none was found.", "Plug one in.")])
    assert text.splitlines() == [
        "problem  camera  none was found.",
        "                 -> Plug one in.",
        "Deepscope can run here.",
    ]


def test_qt_without_its_libraries_is_essential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "qt_problem", lambda: "Install libegl1.")
    found = finding("PySide6")
    assert (found.ok, found.essential, found.remedy) == (False, True, "Install libegl1.")


def test_a_qt_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "PySide6").mkdir()
    (tmp_path / "PySide6" / "__init__.py").write_text("raise ImportError('a library is damaged')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "a library is damaged" in finding("PySide6").detail


def test_a_qt_that_ends_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: "6.12.0")
    monkeypatch.setattr("sys.version_info", (3, 11, 9))
    assert "<6.12" in finding("PySide6").remedy


def test_cameras_are_listed_with_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: path != "/dev/video3")
    monkeypatch.setattr(video, "camera_indices", lambda: (0, 2))
    assert finding("camera").detail == "camera 0, camera 2"
    monkeypatch.setattr(video, "camera_indices", lambda: (0, 3))
    assert "may not read /dev/video3" in finding("camera").detail
    monkeypatch.setattr(video, "camera_indices", lambda: ())
    assert finding("camera").detail == "none was found."
    monkeypatch.setattr(video, "camera_indices", lambda: None)
    assert finding("camera").ok


def test_checkpoints_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "CHECKPOINTS", tmp_path)
    assert not finding("checkpoints").ok
    whole = tmp_path / "digits.safetensors"
    save_checkpoint(whole, "cnn", {"weight": torch.zeros(8)}, {})
    assert finding("checkpoints") == Finding("checkpoints", True, False, "digits")
    whole.write_bytes(whole.read_bytes()[:-4])
    assert "digits.safetensors" in finding("checkpoints").detail


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name: tmp_path / "new" / name)
    assert finding("settings").detail == str(tmp_path / "new" / "deepscope")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "new").write_text("a file where the folder should be")
    assert str(tmp_path / "new") in finding("settings").detail
