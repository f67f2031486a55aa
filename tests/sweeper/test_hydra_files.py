"""The files of a job that runs within another's are those that Hydra writes."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf, flag_override

from sweeps.run import CONF
from sweeps.sweeper.hydra_files import HydraFiles
from tests.sweeper.test_compose import TOY, composer

VALUES = {"job.num": 7, "overrides.task": ["seed=3"], "runtime.output_dir": "/an/other", "sweep.subdir": "7"}


@pytest.mark.parametrize("folder", [CONF, TOY])
def test_the_files_have_the_text_that_hydra_writes(folder: Path, tmp_path: Path) -> None:
    with composer(folder) as composed:
        config = composed.compose(["+extra=1"])
    files = HydraFiles(config.hydra)
    files.write(tmp_path / "6", "a: 6", ["seed=2"], {**VALUES, "job.num": 6})
    files.write(tmp_path / "7", "a: 7", ["seed=3"], VALUES)
    with flag_override(config.hydra, ["readonly", "struct"], False):
        for key, value in VALUES.items():
            OmegaConf.update(config.hydra, key, value)
    hydra = OmegaConf.to_yaml(OmegaConf.masked_copy(config, "hydra"))
    for name, text in {"config": "a: 7", "hydra": hydra, "overrides": "- seed=3\n"}.items():
        assert (tmp_path / "7" / ".hydra" / f"{name}.yaml").read_text() == text
