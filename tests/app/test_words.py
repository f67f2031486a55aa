"""Words that Hydra could not use, and files that it could not read, get one message."""

import re
from pathlib import Path

import pytest

from sweeps.app.command_line import check_words
from sweeps.run import CONF

# words, what the message must hold
WORDS = {
    "no override": (["epochs"], ["'epochs' is no override", "epochs=5"]),
    "no key": (["=3"], ["'=3' names no key", "<key>=3"]),
    "bracket left open": (["optimizer.betas=[0.9"], ["can't be read", "close its brackets"]),
    "home by its sign": (["outputs=~/runs"], ["write the folder in full", f"outputs={Path.home()}/runs"]),
    "no option": (["model=null"], ["model=null chooses nothing", "cnn", "mlp"]),
    "no option in a sweep": (["-m", "optimizer=sgd,null"], ["optimizer=null chooses nothing"]),
    "options in brackets": (["optimizer=[sgd,adam]"], ["merges options", "optimizer=sgd,adam"]),
    "option that is not there": (["optimizer=addam"], ["no optimizer/addam", "write optimizer=adam,"]),
    "root key": (["epoch=3"], ["epoch is not a key", "write epochs"]),
    "key of a group": (["optimizer.momentun=0.9"], ["write optimizer.momentum"]),
    "key of an inner group": (["warmup.epoch=1"], ["write warmup.epochs"]),
    "key of another option": (
        ["optimizer=sgd,adam", "optimizer.momentum=0.9"],
        ["optimizer.momentum=0.9: optimizer=adam has no momentum"],
    ),
}


@pytest.mark.parametrize(("words", "parts"), WORDS.values(), ids=WORDS.keys())
def test_a_word_that_hydra_could_not_use_is_refused(words: list[str], parts: list[str]) -> None:
    with pytest.raises(ValueError, match=re.escape(parts[0])) as error:
        check_words([*words, "data=digits"], CONF)
    assert all(part in str(error.value) for part in parts)


def test_words_that_hydra_takes_are_let_pass() -> None:
    words = "-m --config-dir x optimizer=sgd,adamw optimizer.weight_decay=0.1,0 +pick=adam data=cifar10"
    words += " augment.flip=false ~loss.weight metric=[macro_f1,accuracy] hydra/launcher=joblib"
    words += " hydra.launcher.n_jobs=2 hydra/sweeper/sampler=gp optimizer@x=sgd confirm=off warmup.epochs=0.5"
    check_words([*words.split(), "optimizer.lr=tag(log,interval(1e-3,1))", "outputs='a b'"], CONF)
    check_words(["hydra.searchpath=[file://x]", "optimizer=mine", "optimizer.power=2"], CONF)


# what stands in an option's file, what the message must hold
FILES = {
    "tabs": ("_target_: a\nlr: 0.1\n\tmomentum: 1\n", ["line 3", "indented by spaces"]),
    "other text": (b"lr: \xe9\n", ["not UTF-8"]),
    "no package": ("optimizer:\n  _target_: a\n", ["# @package _global_", "first line"]),
}


@pytest.mark.parametrize(("content", "parts"), FILES.values(), ids=FILES.keys())
def test_an_options_file_that_can_not_be_read_is_named(
    content: str | bytes, parts: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "optimizer" / "own.yaml"
    file.parent.mkdir()
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=re.escape(str(file))) as error:
        check_words([f"--config-dir={tmp_path}", "optimizer=own"], CONF)
    assert all(part in str(error.value) for part in parts)
