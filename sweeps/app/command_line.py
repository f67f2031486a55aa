"""Checks of the command line's words and of the files that they choose, before Hydra reads either."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, OverrideType
from hydra.errors import HydraException

# Hydra's options that take the next word as their value.
VALUED = ["--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd", "--package", "-p"]
VALUED += ["--cfg", "-c", "--info", "-i", "--experimental-rerun"]
FOLDER_OPTIONS = ("--config-dir", "-cd")
# Groups of which a run takes several options.
PLURAL = ("metric",)


def check_words(words: Sequence[str], conf: Path) -> None:
    """Raise ValueError for a word that is no override, and for an option that can't be one.

    conf: the folder of the options; --config-dir adds another.
    """
    overrides, folders = _sort_words(words)
    parser = OverridesParser.create()
    for word in overrides:
        override = _parse(parser, word)
        group = override.key_or_group
        if not group:
            raise ValueError(f"'{word}' names no key; write <key>{word}")
        options = _list_options(group, [conf, *folders])
        if options and override.type is not OverrideType.DEL:
            for value in _values_of(override):
                _check_option(group, value, options)


def _sort_words(words: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Return the overrides, and the folders of --config-dir."""
    overrides, folders = [], []
    option = ""
    for word in words:
        name, _, value = word.partition("=")
        if option:
            folders += [Path(word)] if option in FOLDER_OPTIONS else []
            option = ""
        elif word.startswith("-"):
            option = word if word in VALUED else ""
            folders += [Path(value)] if name in FOLDER_OPTIONS and value else []
        else:
            overrides.append(word)
    return overrides, folders


def _parse(parser: OverridesParser, word: str) -> Override:
    try:
        return parser.parse_override(word)
    except HydraException as error:
        key, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"'{word}' is no override; write <key>=<value>, such as epochs=5") from error
        if value.startswith("~"):
            raise ValueError(f"{word}: write the folder in full, {key}={Path(value).expanduser()}") from error
        raise ValueError(
            f"{word} can't be read as a value; close its brackets, or quote it: '{key}=\"{value}\"'"
        ) from error


def _list_options(group: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the files of a group's options by name; none where it is no group."""
    files: dict[str, Path] = {}
    for folder in folders:
        if "." not in group and (folder / group).is_dir():
            files |= {path.stem: path for path in sorted((folder / group).glob("*.yaml"))}
    return files


def _values_of(override: Override) -> Iterator[Any]:
    value = override.value()
    yield from value.list if isinstance(value, ChoiceSweep) else [value]


def _check_option(group: str, value: Any, options: dict[str, Path]) -> None:
    """Raise ValueError for what chooses no option, and for an option's file that can't be read."""
    if value is None:
        raise ValueError(f"{group}=null chooses nothing; write {group}=<one of {', '.join(options)}>")
    names = value if isinstance(value, list) else [value]
    if isinstance(value, list) and group not in PLURAL:
        joined = ",".join(map(str, names))
        raise ValueError(
            f"{group}=[{joined}] merges options into one; write {group}={joined} to compare them"
        )
    for name in names:
        if path := options.get(str(getattr(name, "text", name))):
            _check_file(group, path)


def _check_file(group: str, path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ValueError(f"{path}{line}: {reason}; mend its YAML, indented by spaces") from error
    is_nested = isinstance(content, dict) and isinstance(content.get(group), dict)
    if is_nested and "_target_" in content[group] and "@package" not in text:
        raise ValueError(f"{path} sets {group} within {group}; write '# @package _global_' as its first line")
