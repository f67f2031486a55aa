"""The answer of a finished sweep, beside its report, so that the same command prints it again at once.

As with `make`, it holds while nothing that it was made from has changed: the command, its config with the
files that options come from, this package, the storage's file or the sweep's studies in a server, the report.
Else the sweep is started as any other.
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from sweeps.digests import digest_files, digest_value, package_times
from sweeps.report.conclusion import Conclusion
from sweeps.sweeper.conf import StudySweeperConf

NAME = "answer.json"
# Beyond so many entries a folder of options is not read through: an application may keep its outputs there.
MOST_ENTRIES = 2000


@dataclass(frozen=True)
class AnswerFile:
    """The file in which a sweep's folder keeps the answer."""

    path: Path
    # of all that the sweep was asked; empty where that can't be told by files
    digest: str
    # the storage's URL, as the user wrote it; empty of the default one
    storage: str

    @classmethod
    def of(cls, settings: StudySweeperConf, arguments: Sequence[str], config: DictConfig) -> "AnswerFile":
        """Return the file of the sweep that a command line asks for."""
        path = Path(config.hydra.sweep.dir).absolute() / NAME
        options = _read_options(config)
        if options is None:
            return cls(path, "", "")
        question = {
            "arguments": list(arguments),
            "settings": asdict(settings),
            "config": OmegaConf.to_container(config, resolve=False, enum_to_str=True),
            "options": options,
            "structured": str(ConfigStore.instance().repo),
            "variables": _variables([*arguments, *options.values()]),
            "package": package_times(),
        }
        return cls(path, digest_value(question), settings.storage or "")

    def read(self) -> Conclusion | None:
        """Return the conclusion, if nothing that it was made from has changed."""
        try:
            content = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return None
        if not self.digest or content.get("question") != self.digest:
            return None
        if content["files"] != digest_files(content["files"]):
            return None
        if content["studies"] != self._digest_studies(content["studies"]):
            return None
        return Conclusion.from_json(content["conclusion"])

    def write(
        self, conclusion: Conclusion, file_digests: dict[str, str], study_digests: dict[str, str]
    ) -> None:
        """Keep the conclusion with the digests of the files that it was made from or tells of.

        study_digests: of the sweep's studies, by its name, where a server has them.
        """
        content = {
            "question": self.digest,
            "files": file_digests,
            "studies": study_digests,
            "conclusion": conclusion.to_json(),
        }
        with suppress(OSError):  # nothing is lost with it
            self.path.write_text(json.dumps(content, indent=1) + "\n")

    def _digest_studies(self, sweeps: Collection[str]) -> dict[str, str]:
        """Return the digests of the sweeps' studies in a server, by their names."""
        if not sweeps:
            return {}
        from sweeps.study.postgres import digest_studies  # with SQLAlchemy, which takes a while to import

        return {sweep: digest_studies(self.storage, sweep) for sweep in sweeps}


def digest_sweep(storage: Path | None, folder: Path, studies: Iterable[str]) -> dict[str, str]:
    """Return the digests of a storage's file, and of what a sweep writes into its folder, by path."""
    paths = [folder / name for name in ("report.html", "report.md", "report.json", "runs.csv")]
    if storage is not None:
        paths += [storage, *(Path(f"{storage}-{suffix}") for suffix in ("wal", "journal"))]
    paths += [folder.joinpath(*study.split("/")[1:], "optimization_results.yaml") for study in studies]
    return digest_files(map(str, [*paths, *sorted(folder.glob("pick/*.*"))]))


def _read_options(config: DictConfig) -> dict[str, str] | None:
    """Return the YAML files that Hydra composes from, but its own; None where they can't all be listed."""
    texts: dict[str, str] = {}
    count = 0
    for source in config.hydra.runtime.config_sources:
        if source.provider == "hydra" or source.schema == "structured":
            continue
        if source.schema not in ("file", "pkg"):
            return None
        folder = Path(source.path) if source.schema == "file" else files(source.path)
        if not isinstance(folder, Path):  # a package in an archive, or in several folders
            return None
        for parent, subfolders, names in os.walk(folder):
            count += len(subfolders) + len(names)
            if count > MOST_ENTRIES:
                return None
            for path in sorted(Path(parent, name) for name in names if name.endswith((".yaml", ".yml"))):
                with suppress(OSError):  # Hydra can't read it either
                    texts[str(path)] = path.read_text(errors="replace")
    return dict(sorted(texts.items()))


def _variables(texts: Iterable[str]) -> dict[str, str | None]:
    """Return the environment variables that options name, and what decides how commands are shown."""
    names = {"UV"}
    for text in texts:
        names.update(re.findall(r"oc\.env:\s*(\w+)", text))
    return {name: os.environ.get(name) for name in sorted(names)}
