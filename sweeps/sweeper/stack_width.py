"""How many jobs an application runs at once in one process."""

from hydra.utils import get_method

from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.plan import Plan, sampled_configs


def stack_width(settings: StudySweeperConf, plan: Plan, composer: Composer) -> int:
    """The jobs of a study that run together: one, where the application has no function for several."""
    if settings.stacked is None:
        return 1
    if settings.stack != "auto":
        return int(settings.stack)
    if settings.stack_width is None:
        return 1
    _, config = next(sampled_configs(plan, composer, {}))
    return max(1, int(get_method(settings.stack_width)(config)))
