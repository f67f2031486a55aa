"""The README and docs/ are right and readable. A new document is tested by being there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from sweeps.run import CONF
from sweeps.sweeper.conf import StudySweeperConf
from tests.conftest import REPOSITORY
from tests.support.documents import (
    LINK,
    PICTURES,
    SWEEPS,
    TEXTS,
    Block,
    anchors,
    blocks,
    code,
    count_words,
    sentences,
)

MOST_WORDS, LONGEST_SENTENCE, PICTURE_BYTES = 1000, 25, 2**20
# With a value, which neither placeholders nor three dots are.
OVERRIDE = re.compile(r"[+]{0,2}[a-z][\w./]*=(?!\.\.\.)[^\s<']+")


@pytest.mark.parametrize("command", [c for c in SWEEPS if "--config-dir" not in c])
def test_a_command_that_sweeps_composes(command: str) -> None:
    # Composed only: they train for minutes, through Slurm for one, on Fashion-MNIST for another.
    overrides = OverridesParser.create().parse_overrides([word for word in command.split() if "=" in word])
    with initialize_config_dir(str(CONF)):
        cfg = compose("config", list(map(_first_value, overrides)), return_hydra_config=True)
    assert cfg.search_space


def _first_value(override: Override) -> str:
    """Return the override that a sweep's first job gets."""
    if not override.is_sweep_override():
        return str(override.input_line)
    return f"{override.get_key_element()}={next(override.sweep_string_iterator())}"


@pytest.mark.parametrize("document", TEXTS)
def test_an_override_composes(document: str) -> None:
    words = [word for span in code(TEXTS[document]) for word in span.split() if OVERRIDE.fullmatch(word)]
    with initialize_config_dir(str(CONF)):
        for overrides in _compatible(dict.fromkeys(words)):
            # SGD has most keys; an override that names another optimizer takes its place.
            assert compose("config", ["optimizer=sgd", *overrides], return_hydra_config=True).optimizer


def _compatible(words: Iterable[str]) -> list[list[str]]:
    """Return overrides in groups that one config takes: options alone, values none of which sets another."""
    options: list[list[str]] = []
    groups: list[dict[str, str]] = []
    for override in OverridesParser.create().parse_overrides(list(words)):
        key, word = override.key_or_group, _first_value(override)
        if (CONF / key).is_dir():
            options.append([word])
            continue
        data = {"data": f"data={_data_with(key)}"}
        fitting = (group for group in groups if data.items() <= group.items() and not _overlaps(key, group))
        group = next(fitting, data)
        if group is data:
            groups.append(group)
        group[key] = word
    return options + [list(group.values()) for group in groups]


def _overlaps(key: str, group: Iterable[str]) -> bool:
    """Return whether a key is one of the group's, or a part of one, or holds one; `data` is an option."""
    keys = [other for other in group if other != "data"]
    return any(f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.") for other in keys)


def _data_with(key: str) -> str:
    """Return a data option that has a key; most have those of cifar10."""
    for data in ("folder", "arrays", "table"):
        if f"\n{key.removeprefix('data.')}:" in (CONF / "data" / f"{data}.yaml").read_text():
            return data
    return "cifar10"


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_yaml_block_loads_and_its_sweeper_keys_exist(block: Block) -> None:
    values = yaml.safe_load(block.source)
    assert isinstance(values, dict)
    sweeper = OmegaConf.create(values.get("hydra", {}).get("sweeper", {}))
    OmegaConf.merge(OmegaConf.structured(StudySweeperConf), sweeper)


@pytest.mark.parametrize("document", TEXTS)
def test_a_link_leads_somewhere(document: str) -> None:
    folder = (REPOSITORY / document).parent
    for link in LINK.findall(TEXTS[document]):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else REPOSITORY / document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("document", TEXTS)
def test_a_path_of_the_repository_exists(document: str) -> None:
    roots = "benchmarks|conf|docs|hydra_plugins|scripts|sweeps|tests"
    for path in re.findall(rf"(?<![\w/])(?:{roots})/[\w/.]*\w", "\n".join(code(TEXTS[document]))):
        assert (REPOSITORY / path).exists(), path


def test_each_surprise_has_its_script_and_a_test_that_is_there() -> None:
    rows = re.findall(r"^\|.*\| `(\w+)` \|.*\| (.*) \|$", TEXTS["docs/surprises.md"], re.MULTILINE)
    assert sorted(script for script, _ in rows) == sorted(
        path.stem for path in (REPOSITORY / "findings").glob("*.sh")
    )
    tests = [held.strip("`").partition("::") for _, held in rows if held != "—"]
    for path, _, name in tests:
        assert f"def {name}(" in (REPOSITORY / path).read_text(), name
    assert len(tests) > 30


@pytest.mark.parametrize("document", TEXTS)
def test_no_sentence_is_too_long(document: str) -> None:
    longest = max(sentences(TEXTS[document]), key=count_words)
    assert count_words(longest) <= LONGEST_SENTENCE, longest


def test_the_readme_is_short() -> None:
    assert len(TEXTS["README.md"].split()) <= MOST_WORDS


def test_ci_runs_the_readmes_test_command() -> None:
    [command] = re.findall(r"^ {4}(.* pytest)$", TEXTS["README.md"], re.MULTILINE)
    assert command in (REPOSITORY / ".ci/run").read_text().splitlines()


def test_pictures_are_small_and_shown() -> None:
    shown = "".join(TEXTS.values())
    for picture in PICTURES:
        assert picture.stat().st_size < PICTURE_BYTES, picture
        assert picture.name in shown, picture


def option_words() -> Iterator[str]:
    """Yield the options of conf/, as docs/configuration.md has to name them, and the keys of config.yaml."""
    for path in sorted(CONF.rglob("*.yaml")):
        if path.parent != CONF:
            yield path.stem
    values = yaml.safe_load((CONF / "config.yaml").read_text())
    for key, value in values.items():
        if key not in ("defaults", "hydra"):
            yield from (f"{key}.{inner}" for inner in value) if isinstance(value, dict) and value else [key]


@pytest.mark.parametrize("word", [*option_words()])
def test_every_option_and_key_is_documented(word: str) -> None:
    name = re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w)")
    assert any(map(name.search, code(TEXTS["docs/configuration.md"])))


@pytest.mark.parametrize("key", [field.name for field in fields(StudySweeperConf) if field.name[0] != "_"])
def test_every_key_of_the_sweeper_is_documented(key: str) -> None:
    row = rf"^\| [^|]*`{key}`"
    assert key == "defaults" or re.search(row, TEXTS["docs/own-application.md"], re.MULTILINE)
