"""The metrics where libraries differ: on classes of unequal size, absent ones, and scores of any size."""

import pytest
import torch
from sklearn import metrics as scikit

from sweeps.metrics import accuracy, auroc, balanced_accuracy, macro_f1, r2, top5

# Of four classes 0 is frequent and 3 never occurs, but is named once.
TARGETS = torch.tensor([0, 0, 0, 0, 0, 1, 1, 2])
NAMED = torch.tensor([0, 0, 0, 0, 3, 1, 0, 1])
OUTPUTS = torch.nn.functional.one_hot(NAMED, 4).float() + 0.1 * torch.rand(
    8, 4, generator=torch.Generator().manual_seed(0)
)


def test_accuracy_is_the_share_of_rows_not_the_mean_over_classes() -> None:
    assert accuracy(OUTPUTS, TARGETS).double().mean() == scikit.accuracy_score(TARGETS, NAMED) == 5 / 8
    # 4 of 5, 1 of 2 and 0 of 1.
    assert balanced_accuracy(OUTPUTS, TARGETS).item() == pytest.approx(1.3 / 3)


def test_macro_f1_counts_a_class_that_is_only_named_and_none_that_is_absent() -> None:
    assert macro_f1(OUTPUTS, TARGETS).item() == pytest.approx(
        scikit.f1_score(TARGETS, NAMED, average="macro", zero_division=0)
    )
    narrow = OUTPUTS[TARGETS < 2, :3]
    assert macro_f1(narrow, TARGETS[TARGETS < 2]).item() == pytest.approx(
        scikit.f1_score(TARGETS[TARGETS < 2], narrow.argmax(1), average="macro", zero_division=0)
    )


def test_auroc_of_one_class_is_what_chance_gives_and_an_absent_class_counts_for_nothing() -> None:
    assert auroc(OUTPUTS[:5], TARGETS[:5]) == 0.5
    scores = OUTPUTS.double().softmax(1)
    areas = [scikit.roc_auc_score(number == TARGETS, scores[:, number]) for number in range(3)]
    assert auroc(OUTPUTS, TARGETS) == pytest.approx(sum(areas) / 3)


def test_auroc_takes_outputs_for_logits_wherever_they_lie() -> None:
    # Within [0, 1], where they could be taken for probabilities: of class 0 they rank otherwise.
    logits = torch.tensor([[0.9, 0.9], [0.6, 0.1], [0.5, 0.9], [0.1, 0.2]])
    targets = torch.tensor([1, 0, 1, 0])
    shares = logits.double().softmax(1)
    areas = [scikit.roc_auc_score(targets == number, shares[:, number]) for number in range(2)]
    assert auroc(logits, targets) == pytest.approx(sum(areas) / 2)
    assert auroc(logits, targets) != pytest.approx(
        sum(scikit.roc_auc_score(targets == number, logits[:, number]) for number in range(2)) / 2
    )
    assert auroc(10 * logits - 5, targets) == auroc(logits, targets)


def test_top5_takes_the_first_of_equal_outputs_as_accuracy_does() -> None:
    targets = torch.arange(10)
    equal = torch.zeros(10, 10)
    assert accuracy(equal, targets).tolist() == [True] + [False] * 9
    assert top5(equal, targets).tolist() == [True] * 5 + [False] * 5
    generator = torch.Generator().manual_seed(0)
    outputs, classes = torch.randn(2, 50, 10, generator=generator), torch.arange(100).view(2, 50) % 10
    for values in (outputs, outputs.round()):
        # A stable order has equal outputs as they stand.
        best = values.sort(dim=-1, descending=True, stable=True).indices[..., :5]
        assert torch.equal(top5(values, classes), (best == classes.unsqueeze(-1)).any(-1))
    assert top5(outputs[..., :4], classes % 4).all()
    assert not top5(torch.full((10, 10), torch.nan), targets).any()


@pytest.mark.parametrize("unit", [1.0, 1e-4])
def test_r2_is_the_same_in_any_unit(unit: float) -> None:
    targets = unit * torch.linspace(-1, 1, 20).unsqueeze(1)
    outputs = targets + unit * 0.3 * torch.randn(20, 1, generator=torch.Generator().manual_seed(0))
    assert r2(outputs, targets).item() == pytest.approx(scikit.r2_score(targets.double(), outputs.double()))
