"""What a run is said to cost before a sweep, and what it costs."""

import time
from pathlib import Path

from hydra import compose, initialize_config_dir

from sweeps.app.build import build
from sweeps.app.estimate import SMALL_FILES, estimate_run
from sweeps.app.swept_jobs import train_stacked
from sweeps.run import CONF
from sweeps.trial import Job, NoTrial


def test_seconds_and_bytes_of_a_run_are_about_those_of_the_run_itself(tmp_path: Path) -> None:
    with initialize_config_dir(str(CONF)):
        config = compose("config", [f"outputs={tmp_path}", "epochs=30", "checkpoint_every=1000"])
    build(config)  # loads the data
    start = time.perf_counter()
    train_stacked([Job(config, tmp_path, NoTrial())])
    real_seconds = time.perf_counter() - start
    seconds, size, checkpoint_size = estimate_run(config, 1)
    # A busy machine may be three times as slow at one time as at another.
    assert real_seconds / 4 < seconds < 4 * real_seconds
    real_size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 0.9 * real_size < size - SMALL_FILES < 1.1 * real_size
    assert 0.9 < checkpoint_size / (tmp_path / "checkpoint.pt").stat().st_size < 1.1
