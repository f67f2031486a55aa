"""What the answer says that it holds for."""

from dataclasses import replace

import pytest

from sweeps.report.findings.study import Findings
from sweeps.report.sentences.answer import describe_scope
from tests.support.answers import answer, load


def test_a_scope_names_what_differs_between_optimizers() -> None:
    assert (
        answer("different").scope == "Holds for mnist5k, 3 epochs; sgd with no scheduler, adam with Plateau"
    )
    assert answer("another program's").scope == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accumulate": None, "freeze": None, "lr_factors": None, "augment._target_": None}, ""),
        (
            {"loss._target_": "torch.nn.CrossEntropyLoss", "loss.reduction": "none", "loss.weight": None}
            | {"loss.label_smoothing": 0.0},
            "",
        ),
        (
            {"loss._target_": "torch.nn.CrossEntropyLoss", "loss.label_smoothing": 0.1}
            | {"loss.weight.0": 1, "loss.weight.1": 9},
            ", CrossEntropyLoss label_smoothing=0.1 weight=1,9",
        ),
        (
            {"clip_norm": 1, "clip_value": 0.5, "ema": 0.99, "patience": 3, "mixup": 0.2, "accumulate": 2},
            ", mixup=0.2, accumulate=2, clip_norm=1, clip_value=0.5, ema=0.99, patience=3",
        ),
        (
            {"augment._target_": "sweeps.data.FlipAndCrop", "augment.flip": True, "augment.padding": 0}
            | {"freeze.0": "conv1", "freeze.1": "layer1.*", "lr_factors.layer2.weight": 0.1}
            | {"lr_factors.*.bias": 2, "init_from": "outputs/first"},
            ", FlipAndCrop flip=True, init_from=outputs/first, freeze=conv1,layer1.*, "
            "lr_factors=layer2.weight:0.1,*.bias:2",
        ),
    ],
)
def test_a_scope_names_the_loss_and_the_options_of_training_that_are_set(
    options: dict[str, object], words: str
) -> None:
    sgd, adam = load("different")[0]
    other, common = "; sgd with no scheduler, adam with Plateau", "Holds for mnist5k, 3 epochs"
    both = [_with_config(findings, options) for findings in (sgd, adam)]
    assert describe_scope(both) == f"{common}{words}{other}"
    one = describe_scope([sgd, _with_config(adam, {"loss._target_": "torch.nn.MSELoss", "ema": 0.5})])
    differences = "; sgd with cross-entropy, adam with MSELoss; sgd with no ema, adam with ema=0.5"
    assert one == f"{common}{other}{differences}"


def _with_config(findings: Findings, options: dict[str, object]) -> Findings:
    config = {**findings.measurement.config, **options}
    return replace(findings, measurement=replace(findings.measurement, config=config))
