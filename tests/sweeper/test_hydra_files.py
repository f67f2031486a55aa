"""The files of a job that runs within another's are those that Hydra writes."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf, flag_override

from sweeps.run import CONF
from sweeps.sweeper.hydra_files import HydraFiles
from sweeps.trial import Job, NoTrial
from tests.sweeper.test_compose import TOY, composer

CHANGES = {"job.num": 7, "overrides.task": ["seed=3"], "runtime.output_dir": "/an/other", "sweep.subdir": "7"}


@pytest.mark.parametrize("folder", [CONF, TOY])
def test_the_files_have_the_text_that_hydra_writes(folder: Path, tmp_path: Path) -> None:
    with composer(folder) as composed:
        config = composed.compose([])
        task = composed.compose(["+extra={a: [1, b]}"], with_hydra=False)
    files = HydraFiles(config.hydra)
    files.write(Job(task, tmp_path / "first", NoTrial()), ["seed=2"], {**CHANGES, "job.num": 6})
    files.write(Job(task, tmp_path / "second", NoTrial()), ["seed=3"], CHANGES)
    with flag_override(config.hydra, ["readonly", "struct"], False):
        for key, value in CHANGES.items():
            OmegaConf.update(config.hydra, key, value)
    hydra = OmegaConf.masked_copy(config, "hydra")
    for name, part in {"config": task, "hydra": hydra, "overrides": OmegaConf.create(["seed=3"])}.items():
        text = (tmp_path / "second" / ".hydra" / f"{name}.yaml").read_text()
        assert text == OmegaConf.to_yaml(part)
