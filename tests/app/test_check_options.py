"""Training options: a value that can't be is refused with key, value and fix; null leaves each out."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from sweeps.app.build import build
from sweeps.app.check import check
from sweeps.run import CONF

CASES = {
    "clip_value=-1": "clip_value=-1 must be a number greater than 0; write clip_value=1, or null for none",
    "clip_norm=true": "clip_norm=True must be a number",
    "mixup=0": "mixup=0 must be a number greater than 0; write mixup=0.2",
    "ema=1": "ema=1 must be greater than 0 and less than 1; write ema=0.99, or null for none",
    "patience=some": "patience=some must be a whole number of at least 1; write patience=5",
    "accumulate=0.5": "accumulate=0.5 must be a whole number of at least 1; write accumulate=4",
    "accumulate=20": r"accumulate=20 makes a step of 5120 images, .* \(3000\); write accumulate=11 or less",
    "augment._target_=nowhere.change": "augment: .*No module named 'nowhere'",
    "augment._target_=torch.flip": "augment fails on images of shape .*write augment=none",
    "init_from=nowhere": "init_from=nowhere: there is no nowhere; name a run's folder or a file of weights",
    "init_from=3": "init_from=3 must be a path",
    "freeze=[]": r"freeze=\[\] must be names of parameters or modules; write freeze=\[conv1,layer1\]",
    "freeze=['*']": r"freeze=\[\*\] leaves nothing to train; leave out a pattern",
    "freeze=[fc]": r"freeze: fc fits no parameter; .* \*.bias. The model's parts are 1, 2, 5, 6, 9",
    "lr_factors=0.1": "lr_factors=0.1 must be a factor by the name .*lr_factors={layer1:0.1}",
    "lr_factors={1:0}": "lr_factors.1=0 must be a number greater than 0; .*; freeze=1 trains it not at all",
    "lr_factors={head:2}": "lr_factors: head fits no parameter",
    "optimizer=prodigy lr_factors={1:2}": "lr_factors needs an optimizer of several learning rates",
}


@pytest.mark.parametrize(("overrides", "message"), CASES.items())
def test_an_options_value_that_cannot_be_is_refused(overrides: str, message: str, tmp_path: Path) -> None:
    with initialize_config_dir(str(CONF)):
        cfg = compose("config", [*overrides.split(), f"outputs={tmp_path}"])
    with pytest.raises(ValueError, match=message):
        check(cfg)


def test_options_of_a_config_reach_the_run() -> None:
    values = "clip_norm=1 clip_value=2 ema=0.9 mixup=0.2 patience=3 accumulate=2 freeze=[conv,1]"
    factors = "lr_factors={a:2,b.c:3,d:[7,8]} +lr_factors.layer.0=5"
    with initialize_config_dir(str(CONF)):
        run, plain = (build(compose("config", words.split())) for words in (f"{values} {factors}", ""))
    assert (run.clip_norm, run.clip_value, run.ema, run.mixup, run.patience) == (1, 2, 0.9, 0.2, 3)
    assert (run.accumulate, run.freeze) == (2, ("conv", "1"))
    assert run.lr_factors == (("a", 2), ("b.c", 3), ("d.0", 7), ("d.1", 8), ("layer.0", 5))
    assert (plain.augment, plain.init_from, plain.accumulate, plain.freeze, plain.lr_factors) == (
        None,
        None,
        1,
        (),
        (),
    )
