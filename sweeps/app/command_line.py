"""Checks of the command line's words and of the files that they choose, before Hydra reads either."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, OverrideType
from hydra.errors import HydraException

from sweeps.app.unknown_keys import check_keys_of

# Hydra's options that take the next word as their value.
VALUE_OPTIONS = ["--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd", "--package", "-p"]
VALUE_OPTIONS += ["--cfg", "-c", "--info", "-i", "--experimental-rerun"]
FOLDER_OPTIONS = ("--config-dir", "-cd")
# Groups of which a run takes several options.
PLURAL = ("metric",)


def check_words(words: Sequence[str], conf: Path) -> None:
    """Raise ValueError for a word that is no override, and for an option or key that is not there.

    conf: the folder of the options; --config-dir adds another.
    """
    texts, folders = _sort_words(words)
    parser = OverridesParser.create()
    overrides = []
    for text in texts:
        override = _parse(parser, text)
        if not override.key_or_group:
            raise ValueError(f"'{text}' names no key; write <key>{text}")
        overrides.append(override)
    # Other folders hold options of their own.
    is_searched = any(override.key_or_group == "hydra.searchpath" for override in overrides)
    is_searched |= any(word.partition("=")[0] in ("--config-path", "-cp") for word in words)
    files: list[Path] = []
    for override in overrides:
        options = list_options(override.key_or_group, [conf, *folders])
        if options and override.type is not OverrideType.DEL:
            files += _check_options(override, options, is_searched)
    if not is_searched:
        check_keys_of(overrides, files, [conf, *folders])


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
            option = word if word in VALUE_OPTIONS else ""
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


def list_options(group: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the files of a group's options by name; none where it is no group."""
    files: dict[str, Path] = {}
    for folder in folders:
        if group.isidentifier() and (folder / group).is_dir():  # not hydra/..., of which Hydra has more
            for path in sorted((folder / group).rglob("*.yaml")):
                files[path.relative_to(folder / group).with_suffix("").as_posix()] = path
    return files


def _check_options(override: Override, options: dict[str, Path], is_searched: bool) -> list[Path]:
    """Return the files that an override chooses. Raises ValueError for what chooses none."""
    value = override.value()
    files = []
    for choice in value.list if isinstance(value, ChoiceSweep) else [value]:
        files += _check_option(override.key_or_group, choice, options, is_searched)
    return files


def _check_option(group: str, value: Any, options: dict[str, Path], is_searched: bool) -> list[Path]:
    if value is None:
        raise ValueError(f"{group}=null chooses nothing; write {group}=<one of {', '.join(options)}>")
    names = [str(getattr(name, "text", name)) for name in (value if isinstance(value, list) else [value])]
    if isinstance(value, list) and group not in PLURAL:
        listing = ",".join(names)
        raise ValueError(
            f"{group}=[{listing}] merges options into one; write {group}={listing} to compare them"
        )
    for name in names:
        if name in options:
            _check_file(group, options[name])
        elif not is_searched:
            matches = difflib.get_close_matches(name, options, n=1)
            nearest = f"{group}={matches[0]}, or " if matches else ""
            raise ValueError(
                f"{group}={name}: there is no {group}/{name}; write {nearest}one of {', '.join(options)}"
            )
    return [options[name] for name in names if name in options]


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
