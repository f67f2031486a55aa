"""An application that knows nothing of sweeps, under all that may happen to it."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from sweeps.sweeper.gpus import resolve_gpus, select_gpus
from sweeps.sweeper.launchers import count_jobs
from tests.support.plain import Plain


@pytest.fixture
def plain(tmp_path: Path) -> Plain:
    """Return a folder for sweeps of the application."""
    return Plain(tmp_path)


def test_a_setting_that_kills_its_process_fails_by_itself_and_the_rest_goes_on(plain: Plain) -> None:
    # Joblib kills the other workers too, and runs one job alone in the process that asks.
    workers = ("hydra/launcher=joblib", "hydra.sweeper.n_jobs=2", "hydra.sweeper.max_failure_rate=0.5")
    plain.run("act=die", "lr=0.9,0.3", *workers)
    trials = {trial.params["lr"]: trial for trial in plain.trials()}
    assert {lr: trial.state.name for lr, trial in trials.items()} == {0.9: "FAIL", 0.3: "COMPLETE"}
    assert "process died 3 times" in trials[0.9].user_attrs["failure"]
    # Once where joblib, killing all workers, hit one that had claimed it and not begun.
    assert [job["lr"] for job in plain.jobs()].count(0.9) in (2, 3)


def test_what_is_no_objective_fails_its_trial_and_only_what_raises_ends_a_sweep(
    plain: Plain, capfd: pytest.CaptureFixture[str]
) -> None:
    acts = ["undefined", "nothing", "text", "pair", "infinite", "score"]
    plain.run_here("lr=0.3,0.1", f"act={','.join(acts)}", "hydra.sweeper.report=true")
    states = {(trial.params["act"], trial.state.name) for trial in plain.trials()}
    assert states == {(act, "FAIL") for act in acts[:4]} | {("infinite", "COMPLETE"), ("score", "COMPLETE")}
    jobs, output = plain.jobs(), capfd.readouterr().out
    assert [(job["num"], job["id"]) for job in jobs] == [(number, str(number)) for number in range(12)]
    assert "12 of 12 trials; another hydra.sweeper.study_name starts anew" in output
    assert "Failed:       8 trials" in output
    assert "the job returned 'high', which is not a number" in output

    plain.run_here("lr=0.3,0.1", f"act={','.join(acts)}", f"hydra.sweep.dir={plain.folder}/second")
    assert plain.jobs() == jobs, "what returned no objective would do so again"
    best = OmegaConf.load(plain.folder / "second/optimization_results.yaml")
    assert (best.best_params, Path(best.folder)) == (
        {"lr": 0.3, "act": "score"},
        Path(jobs[best.trial]["folder"]),
    )

    with pytest.raises(SystemExit) as ended:
        plain.run_here("lr=0.3", "act=fail", "hydra.sweeper.study_name=second")
    [line] = [line for line in str(ended.value).splitlines() if "asked to fail" in line]
    assert "asked to fail with lr=0.3" in Path(line[line.index("(") + 1 : -1]).read_text()


WITNESS = "+hydra.callbacks.witness={_target_: tests.support.plain.app.Witness}"


def test_a_job_is_where_hydra_puts_it_and_its_replicates_below(plain: Plain) -> None:
    # Both sizes of both kinds: the last is composed in a worker.
    subdir = "hydra.sweep.subdir=j${hydra.job.num}_${hydra_override_dirname:}"
    plain.run_here("size=small,large", "kind=biased,plain", "hydra.job.chdir=true", subdir, WITNESS)
    *events, last = [job for job in plain.jobs() if "event" in job or "name" in job]
    jobs = [job for job in events if "name" in job]
    assert {job["original_cwd"] for job in jobs} == {str(Path.cwd())}
    for number, job in enumerate(jobs):
        names = ",".join(sorted(job["overrides"]))
        assert job["name"] == f"{number}-{names}"
        assert (job["cwd"], job["folder"]) == (f"{plain.folder}/jobs/j{number}_{names}",) * 2
        assert (Path(job["folder"]) / "made").exists()
    assert [line.get("event", "job") for line in [*events, last]] == ["start", "job", "end"] * 4
    multirun = OmegaConf.load(plain.folder / "jobs/multirun.yaml")
    assert multirun.hydra.job.chdir

    plain.run_here(
        "hydra.sweeper.study_name=seeds", "hydra.sweep.subdir=s", "+hydra.sweeper.replicates.lr=[1,2]"
    )
    assert [job["folder"] for job in plain.jobs()[-2:]] == [
        f"{plain.folder}/jobs/s/lr={seed}" for seed in (1, 2)
    ]


def test_jobs_that_run_together_have_their_own_names_and_callbacks(plain: Plain) -> None:
    stack = ("hydra.sweeper.stacked=tests.support.plain.app.together", "hydra.sweeper.stack=4")
    plain.run_here("lr=0.3,0.1", "act=named", *stack, WITNESS)
    named: list[str] = []
    witnessed: dict[str, list[tuple[float, int, float]]] = {}
    for line in plain.jobs():
        named += [line["named"]] if "named" in line else []
        if "event" in line:
            witnessed.setdefault(line["event"], []).append((line["lr"], line["num"], line["value"]))
    journal = f"journal={plain.folder}/journal"
    assert named == [f"{number}-act=named,{journal},lr={lr}" for number, lr in enumerate([0.3, 0.1])]
    assert witnessed["start"] == [(0.3, 0, 0), (0.1, 1, 1)]
    assert witnessed["end"] == [(0.3, 0, 0.0), (0.1, 1, pytest.approx(0.04))]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ("hydra/launcher=joblib", "hydra.launcher.backend=multiprocessing"),
            "write hydra.launcher.backend=loky",
        ),
        (("hydra/launcher=joblib", "hydra.launcher.backend=threading"), "each worker needs one"),
        (("hydra/launcher=joblib", "hydra.launcher.require=sharedmem"), "write hydra.launcher.require=null"),
        (("hydra/launcher=submitit_slurm",), "there is no srun here"),
    ],
)
def test_a_launcher_that_can_start_no_workers_is_refused(
    overrides: tuple[str, ...],
    words: str,
    plain: Plain,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")  # no Slurm there
    with pytest.raises(SystemExit):
        plain.run_here("lr=0.3,0.1", *overrides)
    message = capfd.readouterr().err
    assert words in message
    assert "Traceback" not in message


def test_the_launchers_own_number_of_jobs_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)

    def count(launcher: dict[str, object], n_jobs: int | None = None) -> int | None:
        return count_jobs(OmegaConf.create({"hydra": {"launcher": launcher}}), n_jobs)

    assert [count({"n_jobs": number}) for number in (3, -1, -2, -20)] == [3, None, 7, 1]
    assert count({"n_jobs": 3}, n_jobs=2) == 2
    assert count({}) is None
    assert count({"_target_": "hydra.BasicLauncher"}, n_jobs=2) == 1


@pytest.mark.parametrize(
    ("workers", "shares"),
    [(1, ["0,1,2,3"]), (2, ["0,1", "2,3"]), (3, ["0", "1", "2,3"]), (4, list("0123")), (5, list("01230"))],
)
def test_gpus_are_shared_out_among_the_workers(
    workers: int, shares: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    gpus = resolve_gpus("auto", "JoblibLauncher")
    seen = []
    for worker in range(workers):  # in one process, as joblib's may be
        select_gpus(gpus, worker, workers)
        seen.append(os.environ["CUDA_VISIBLE_DEVICES"])
    assert seen == shares


def test_a_grid_runs_as_written_or_begins_with_what_is_enqueued(plain: Plain) -> None:
    sweep = ("lr=0.9,0.3,0.1", "size=small,large")
    plain.run_here(*sweep, "hydra.sweeper.grid_order=written")
    written = [(lr, size) for lr in (0.9, 0.3, 0.1) for size in ("small", "large")]
    assert [tuple(trial.params.values()) for trial in plain.trials()] == written

    first = "hydra.sweeper.enqueue=[{lr: 0.9, size: large}, default]"
    plain.run_here(*sweep, first, "hydra.sweeper.study_name=first")
    settings = [tuple(trial.params.values()) for trial in plain.trials("first")]
    assert settings[:2] == [(0.9, "large"), (0.1, "small")]
    assert sorted(settings) == sorted(written)


def test_a_grid_has_no_values_for_what_a_function_adds(
    plain: Plain, capfd: pytest.CaptureFixture[str]
) -> None:
    function = "hydra.sweeper.custom_search_space=tests.support.plain.app.together"
    with pytest.raises(SystemExit):
        plain.run_here("lr=0.9,0.3", "hydra/sweeper/sampler=grid", function)
    message = capfd.readouterr().err
    assert "for which a grid has no values; write hydra/sweeper/sampler=brute_force" in message
    assert not Path(plain.storage.removeprefix("sqlite:///")).exists()


def test_what_hydra_resolves_on_the_command_line_resolves_here_when_it_does(
    plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NJ", "1")
    names = "hydra.sweeper.study_name=x_${act}_${now:%Y}"
    plain.run_here(
        "lr=0.3,0.1", names, "hydra.sweeper.n_jobs=${oc.env:NJ}", "hydra.sweep.subdir=j${hydra.job.num}"
    )
    study = f"x_score_{datetime.now().astimezone():%Y}"
    assert {trial.params["lr"] for trial in plain.trials(study)} == {0.3, 0.1}
    assert [job["folder"] for job in plain.jobs()] == [f"{plain.folder}/jobs/j{number}" for number in (0, 1)]


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("sampler", ["tpe5", "brute_force", "partial_fixed"])
def test_samplers_that_upstream_lacks_try_what_is_enqueued_first(sampler: str, plain: Plain) -> None:
    fixed = ["+hydra.sweeper.sampler.fixed_params={lr: 0.3}"] if sampler == "partial_fixed" else []
    budget = ("hydra.sweeper.n_trials=4", "hydra.sweeper.enqueue=[default, {lr: 0.9}]")
    plain.run_here("lr=0.9,0.3,0.1", f"hydra/sweeper/sampler={sampler}", *budget, *fixed)
    rates = [trial.params["lr"] for trial in plain.trials()]
    assert rates[:2] == [0.1, 0.9]
    assert len(rates) == (3 if sampler == "brute_force" else 4), "no more than there are"
    if sampler != "tpe5":
        assert set(rates[2:]) == {0.3}


def test_a_setting_to_try_first_is_one_that_is_searched(
    plain: Plain, capfd: pytest.CaptureFixture[str]
) -> None:
    for entry in ("{size: large}", "{lr: 0.2}"):
        with pytest.raises(SystemExit):
            plain.run_here("lr=0.9,0.3", f"hydra.sweeper.enqueue=[{entry}]")
    message = capfd.readouterr().err
    assert "no setting of what is searched, lr" in message
    assert "lr=0.2 is not searched" in message


def test_what_runs_when_time_is_up_is_given_back_and_run_by_the_next_start(
    plain: Plain, capfd: pytest.CaptureFixture[str]
) -> None:
    sweep = ("lr=0.3,0.9", "act=wait", "hydra.sweeper.grid_order=written")
    hold = plain.folder / "journal.hold"
    hold.touch()
    plain.run_here(*sweep, "hydra.sweeper.timeout=2")
    assert [trial.state.name for trial in plain.trials()] == ["COMPLETE", "WAITING"]
    assert "1 of 2 trials; the same command goes on" in capfd.readouterr().out
    hold.unlink()
    plain.run_here(*sweep)
    assert [trial.state.name for trial in plain.trials()] == ["COMPLETE", "COMPLETE"]
    assert [job["lr"] for job in plain.jobs()] == [0.3, 0.9, 0.9]


def test_a_setting_beyond_its_constraints_is_not_the_best_and_the_report_is_written(
    plain: Plain, capfd: pytest.CaptureFixture[str]
) -> None:
    seeds = "+hydra.sweeper.replicates.size=[small,large]"
    plain.run_here("lr=0.3,0.1", "act=exceed", seeds, "hydra.sweeper.report=true")
    constraints = {trial.params["lr"]: trial.system_attrs["constraints"] for trial in plain.trials()}
    assert constraints == {0.3: [pytest.approx(0.1)], 0.1: [pytest.approx(-0.1)]}
    assert OmegaConf.load(plain.folder / "jobs/optimization_results.yaml").best_params == {"lr": 0.1}
    printed = " ".join(capfd.readouterr().out.split())
    assert "Use plain with lr=0.1" in printed
    assert "1 setting exceeds its constraints and is left out" in printed
    assert (plain.folder / "jobs" / "report.html").exists()
    assert "beyond its constraints: lr=0.1" in (plain.folder / "jobs" / "runs.csv").read_text()


@pytest.mark.parametrize("key", ["custom_search_space", "stacked", "check"])
def test_a_function_beyond_the_applications_whitelist_is_refused_before_any_job(
    key: str, plain: Plain, capfd: pytest.CaptureFixture[str]
) -> None:
    # A grid takes no function that adds parameters.
    random = ("hydra/sweeper/sampler=random", "hydra.sweeper.n_trials=2")
    with pytest.raises(SystemExit):
        plain.run_here("lr=0.3,0.1", *random, f"hydra.sweeper.{key}=json.dumps")
    message = capfd.readouterr().err
    assert "json.dumps can't be used: Target 'json.dumps' is not in the Hydra execution whitelist" in message
    assert "Traceback" not in message
    assert not (plain.folder / "journal").exists()
