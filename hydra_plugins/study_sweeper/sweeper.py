"""The sweeper as Hydra discovers it, in every Hydra application: the work is imported when a sweep starts."""

from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from sweeps.sweeper.conf import StudySweeperConf


class StudySweeper(Sweeper):
    """Runs one Optuna study per option of the groups that declare a search space."""

    def __init__(self, **settings: Any) -> None:
        self.settings = StudySweeperConf.from_hydra(settings)

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra passes before the sweep."""
        self.job = (config, hydra_context, task_function)

    def sweep(self, arguments: list[str]) -> None:
        """Run the sweep of the command line, or resume it; print the answer of one that is finished."""
        from sweeps.sweeper.answer_file import AnswerFile

        answer_file = AnswerFile.of(self.settings, arguments, self.job[0])
        if conclusion := answer_file.read():
            from sweeps.report.outputs.terminal import print_conclusion

            print_conclusion(conclusion)
            return
        from sweeps.sweeper.host import open_host

        with open_host(self.settings, *self.job) as host:  # it may import already what training needs
            from sweeps.sweeper.driver import drive
            from sweeps.sweeper.exit_messages import exit_with_message

            with exit_with_message(self.settings, self.job[0]):
                drive(self.settings, arguments, *self.job, answer_file, host)


# base_study is the name that an application's own hydra/sweeper/study.yaml builds on.
for _name in ("study", "base_study"):
    ConfigStore.instance().store(
        group="hydra/sweeper", name=_name, node=StudySweeperConf, provider="study_sweeper", replace=True
    )
