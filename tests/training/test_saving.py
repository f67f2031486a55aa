"""The file of a checkpoint: saved while it trains, killed while it saves, damaged."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sweeps.training import checkpoint
from sweeps.training.checkpoint import Checkpoints
from sweeps.training.run import State


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    middle = whole.index(b"archive/data/") + len(whole) // 2
    path.write_bytes(
        {
            "empty": b"",
            "cut short": whole[:-1000],
            "a wrong byte": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "something else": b"weights " * 1000,
        }[how]
    )


@pytest.mark.parametrize("how", ["empty", "cut short", "a wrong byte", "something else"])
def test_a_damaged_checkpoint_is_refused_by_name_and_left_as_it_is(how: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, {"weights": torch.rand(10_000)})
    damage(path, how)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=rf"{re.escape(str(path))} is damaged .*\(.+\); remove it"):
        checkpoint.load(path)
    assert path.read_bytes() == before


def test_a_rolling_checkpoint_builds_its_state_only_when_it_is_time(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    built: list[int] = []

    def state() -> State:
        built.append(len(built))
        return {"number": built[-1]}

    rarely, always = (Checkpoints(tmp_path, seconds, keep_best=False) for seconds in (3600, 0))
    rarely.save_due(state)
    assert not path.exists()
    for number in range(3):
        always.save_due(state)
        assert checkpoint.load(path)["number"] == number
    assert built == [0, 1, 2]


# Twenty processes, one after the other, save again and again until killed, each at another moment after its
# first save; the file must load each time.
KILLED_WHILE_SAVING = """
import os, random, signal, sys, time
from itertools import count
from pathlib import Path
import torch
from sweeps.training import checkpoint

torch.set_num_threads(1)
path, random_ = Path(sys.argv[1]), random.Random(0)
checkpoint.save(path, {"number": 0, "weights": torch.zeros(300_000)})
number = 0
for _ in range(20):
    first = os.stat(path).st_ino
    child = os.fork()
    if not child:
        for next_number in count(number + 1):
            checkpoint.save(path, {"number": next_number, "weights": torch.full((300_000,), next_number)})
    while os.stat(path).st_ino == first:
        time.sleep(0.001)
    time.sleep(random_.uniform(0, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    state = checkpoint.load(path)
    assert state["number"] >= number and (state["weights"] == state["number"]).all(), state
    number = state["number"]
print(number)
"""


def test_a_process_killed_while_it_saves_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_SAVING, str(path)], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) >= 20
    assert len([*tmp_path.glob(".checkpoint.pt.*")]) >= 5  # so many were killed half way through a file
    Checkpoints(tmp_path, 0, keep_best=False)
    assert [*tmp_path.iterdir()] == [path]
