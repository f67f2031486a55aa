"""Say how to read a report, for those who train networks and for those who know statistics."""

GUIDE = (
    (
        "Setting, run",
        "A setting is a point of the searched space, such as lr=0.01 momentum=0.9. It is trained once with "
        "each seed. Those runs differ in initialisation, data order, dropout and the train/validation "
        "split. All settings share the seeds.",
    ),
    (
        "★ Peak, ◇ robust, □ default",
        "The peak is the setting of the best mean. The robust pick still works when you are a little off. "
        "It has the best R: the mean over itself and its neighbours one step away. Its learning rate is "
        "inside the range, and no run near by diverged. The default is what the optimizer's own file in "
        "conf/ holds: what runs if nobody tunes.",
    ),
    (
        "Tuning seeds, fresh seeds",
        "Every score is measured after a run's last epoch. Settings are chosen on the tuning seeds, and "
        "the best of many noisy means looks better than it is. So the picks are trained again on fresh "
        "seeds; only there the test set is read. Trust those figures.",
    ),
    (
        "[a, b]",
        "A 95 % interval of the mean over seeds (Student's t). The intervals of the robust pick against "
        "the other picks hold together. With few seeds, settings of similar means lend each other their "
        "standard deviation. Their degrees of freedom allow for what the seeds have in common. The "
        "intervals don't include what another test set would change.",
    ),
    (
        "Diverged",
        "The loss was not finite, or no better than guessing at the end. Such a run scores chance, is "
        "counted, and stays in every figure. A pick's score is the mean of the runs that converge. How "
        "often it diverges stands beside it, with an exact 95 % interval.",
    ),
    (
        "Between optimizers",
        "Other tuning seeds would have picked other settings, which makes an optimizer's mean less "
        "certain. The interval of a difference allows for that. It adds the gaps between the pick and what "
        "draws of the tuning seeds pick in its place. p is corrected for all pairs (Holm).",
    ),
    ("edge", "The learning rate is the first or last that was searched: better ones may lie beyond."),
)

BRIEF = (
    "★ peak: best mean. ◇ robust: best R, the mean of a setting and its neighbours, with an lr inside the "
    "range and no diverged run near by. *div.*: runs that diverged; they score chance. *edge*: lr is the "
    "first or last searched. Table and figures show the tuning seeds, where the best of many noisy means "
    "looks too good. The headline shows fresh seeds, where there are any."
)

OWN_FIGURES = (
    "The report's figures follow the dashboard's own on the study's first page. Read *What explains the "
    "scores* instead of the dashboard's *Hyperparameter Importance*. That one knows neither the log scale "
    "of a learning rate nor the noise of the seeds."
)

PICKED_TRIAL = "Its learning curves are on the study's first page, below the dashboard's own figures."
