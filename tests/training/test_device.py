"""Where and how precisely training computes."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy
import pytest
import torch
from torch.optim import SGD

from sweeps.training import device as devices
from sweeps.training import processors
from sweeps.training.device import numerics, resolve
from sweeps.training.processors import count_cores, workers
from sweeps.training.train import train
from tests.support.training_runs import CPU, RUN, copy_state, same_bits

# torch gives these modules their switches at run time.
CONVOLUTION = torch.backends.cudnn.conv  # type: ignore[attr-defined]
ONEDNN = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]


def global_state() -> dict[str, object]:
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": numpy.random.get_state(legacy=False)["state"]["key"].tolist(),
        "python": random.getstate(),
        "matmul": (torch.get_float32_matmul_precision(), torch.backends.cuda.matmul.fp32_precision),
        "convolution": CONVOLUTION.fp32_precision,
        "oneDNN": ONEDNN.fp32_precision,
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "autocast": torch.is_autocast_enabled("cpu"),
        "gradients": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
    }


@pytest.fixture(params=["highest", "high"])
def _matmul_precision(request: pytest.FixtureRequest) -> Iterator[None]:
    """A user's own choice of precision, of torch's default and of another."""
    switches = torch.backends.cuda.matmul, CONVOLUTION, ONEDNN
    before = [switch.fp32_precision for switch in switches]
    if request.param != "highest":
        torch.set_float32_matmul_precision(request.param)
    yield
    torch.set_float32_matmul_precision("highest")
    for switch, precision in zip(switches, before, strict=True):
        switch.fp32_precision = precision


@pytest.mark.usefixtures("_matmul_precision", "_matmul_library")
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_training_leaves_the_global_state_of_torch_as_it_was_even_if_it_fails(precision: str) -> None:
    before = global_state()
    run = replace(RUN, epochs=1)
    train([run], "cpu", precision)
    assert global_state() == before
    with pytest.raises(ValueError, match="learning rate"):
        train([replace(run, optimizer=partial(SGD, lr=-1.0))], "cpu", precision)
    assert global_state() == before


@pytest.mark.filterwarnings("ignore:.*CUDA is not available:UserWarning")
@pytest.mark.parametrize("choice", [{"mode": False}, {"mode": True}, {"mode": True, "warn_only": True}])
def test_computing_on_cuda_is_deterministic_and_leaves_the_switch_as_it_was(
    choice: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(**choice)
    try:
        before = global_state()
        with numerics(torch.device("cuda"), "fp32"):
            assert global_state()["deterministic"] == (True, False)
        assert global_state() == before
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("_matmul_library")
def test_bf16_trains_to_a_result_of_its_own_and_tf32_on_the_cpu_is_fp32() -> None:
    results = {precision: train([RUN], "cpu", precision)[0] for precision in ("fp32", "tf32", "bf16")}
    assert not same_bits(copy_state(results["fp32"]), copy_state(results["bf16"]))
    assert same_bits(copy_state(results["fp32"]), copy_state(results["tf32"]))
    assert all(parameter.dtype == torch.float32 for parameter in results["bf16"].model.parameters())
    first, last = results["bf16"].epochs
    assert last.train["loss"] < first.train["loss"]
    # Eight seeds differed by at most 2.1 points after two epochs; not trained at all is 70 points away.
    assert results["bf16"].score == pytest.approx(results["fp32"].score, abs=5)


@pytest.mark.parametrize(
    ("device", "precision", "message"),
    [
        ("gpu", "fp32", "device=gpu is not known; write auto, cpu, cuda or cuda:N"),
        ("cpu:1", "fp32", "device=cpu:1 is not known"),
        ("cuda:one", "fp32", "device=cuda:one is not known"),
        ("cuda:99", "fp32", "device=cuda:99 is absent: torch finds .* CUDA devices; write device=cpu"),
        ("cpu", "fp16", "precision=fp16 is not known; write one of fp32, tf32, bf16"),
    ],
)
def test_an_unknown_or_absent_device_or_precision_is_named(device: str, precision: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train([RUN], device, precision)


def test_without_cuda_auto_is_the_cpu_and_cuda_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve("auto") == CPU
    with pytest.raises(ValueError, match="device=cuda is absent: torch finds 0 CUDA devices"):
        resolve("cuda")


def test_a_sweep_runs_one_worker_a_gpu_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(processors, "has_gpu_driver", lambda: True)
    assert [resolve(device).index for device in ("auto", "cuda", "cuda:1")] == [0, 0, 1]
    assert resolve("cpu") == CPU
    assert [workers(device) for device in ("auto", "cuda", "cuda:1")] == [2, 2, 1]
    assert workers("cpu") == count_cores()


@pytest.mark.parametrize(
    ("maker", "error", "expected"),
    [("GenuineIntel", math.inf, False), ("AuthenticAMD", math.inf, True), ("AuthenticAMD", 0.0, False)],
)
def test_onednn_computes_products_where_it_is_faster_and_as_exact(
    maker: str, error: float, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ONEDNN.fp32_precision
    monkeypatch.setattr(devices, "processor_maker", lambda: maker)
    # Without its cache, so that other tests don't meet this one's answer.
    monkeypatch.setattr(devices, "onednn_is_exact", devices.onednn_is_exact.__wrapped__)
    monkeypatch.setattr(devices, "EXACT_PRODUCT", error)
    with numerics(CPU, "fp32"):
        assert (ONEDNN.fp32_precision == "bf16") == expected
    assert ONEDNN.fp32_precision == before


@pytest.mark.parametrize("maker", ["GenuineIntel", "AuthenticAMD"])
def test_products_in_fp32_are_exact_to_fp32_whoever_made_the_processor(
    maker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "processor_maker", lambda: maker)
    left, right = torch.rand(2, 200, 200, generator=torch.Generator().manual_seed(0))
    with numerics(CPU, "fp32"):
        product = left @ right
    # 200 roundings of fp32 are some 1e-6 of the sum, one of bf16 is 4e-3.
    torch.testing.assert_close(product.double(), left.double() @ right.double(), rtol=1e-5, atol=0)
