"""What a run is said to cost before a sweep, and what it costs."""

import re
import time
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from sweeps.app.build import build
from sweeps.app.estimate import SMALL_FILES, estimate_run
from sweeps.app.forecast import forecast_run
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
    real_size = sum(path.stat().st_size for path in tmp_path.iterdir())
    real_checkpoint = (tmp_path / "checkpoint.pt").stat().st_size
    # A busy machine may be three times as slow at one time as at another. A forecast is of a stack's run.
    for factor, cost in ((4, estimate_run(config, 1)), (40, forecast_run(config))):
        seconds, size, checkpoint_size = cost
        assert real_seconds / factor < seconds < factor * real_seconds
        assert 0.9 * real_size < size - SMALL_FILES < 1.1 * real_size
        assert 0.9 < checkpoint_size / real_checkpoint < 1.1


def test_a_run_that_memory_is_too_small_for_is_named_before_it_trains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with initialize_config_dir(str(CONF)):
        config = compose("config", ["model.widths=[2000,2000]", "model.dropout=0"])
    for free, is_named in ((10**12, False), (10**6, True)):
        monkeypatch.setattr("sweeps.app.forecast.measure_free_memory", lambda _, free=free: free)
        forecast_run(config)
        printed = capsys.readouterr().out
        assert (
            bool(re.search(r"A run takes about 0\.[12] GB of memory, and 0\.0 GB is free", printed))
            is is_named
        )
