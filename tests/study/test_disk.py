"""A full disk, recognised behind the errors of libraries."""

import errno
import subprocess
import sys

import pytest

from sweeps.study.disk import full_disk


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_recognised_among_the_causes_of_an_error(number: int) -> None:
    full = OSError(number, "no room")
    wrapped, raised = RuntimeError("unexpected pos 64 vs 0"), ValueError("not saved")
    raised.__cause__, wrapped.__context__ = wrapped, full
    assert full_disk(full) == full_disk(wrapped) == full_disk(raised) == f"[Errno {number}] no room"


def test_an_error_of_the_system_that_leaves_room_is_no_full_disk() -> None:
    assert full_disk(PermissionError(errno.EACCES, "denied")) is None


def test_recognising_a_full_disk_imports_nothing_but_the_standard_library() -> None:
    code = "import sys; old = set(sys.modules); import sweeps.study.disk; print(*set(sys.modules) - old)"
    new = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    roots = {name.partition(".")[0] for name in new.split()}
    assert roots - sys.stdlib_module_names == {"sweeps"}
