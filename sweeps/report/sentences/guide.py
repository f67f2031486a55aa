"""How to read a report, for those who train networks and for those who know statistics."""

GUIDE = (
    (
        "Setting, run",
        "A setting is a point of the searched space, such as lr=0.01 momentum=0.9. It is trained once "
        "with each seed: those runs differ in initialisation, data order, dropout and the "
        "train/validation split, and all settings share the seeds.",
    ),
    (
        "★ Peak, ◇ robust, □ default",
        "The peak is the setting of the best mean. The robust pick has the best R, the mean over itself "
        "and its neighbours one step away on the grid, among the settings whose learning rate is inside "
        "the range and that have no diverged run near by: a little off, and it still works. The default "
        "is what the optimizer's own file in conf/ holds: what runs if nobody tunes.",
    ),
    (
        "Tuning seeds, fresh seeds",
        "Every score is measured after a run's last epoch. Settings are chosen on the tuning seeds; the "
        "best of many noisy means looks better than it is. So the picks are trained again on fresh seeds, "
        "and only there the test set is read. Trust those figures.",
    ),
    (
        "[a, b]",
        "A 95 % interval of the mean over seeds (Student's t); those of the robust pick against the other "
        "picks hold together. With few seeds, settings of similar means lend each other their standard "
        "deviation, with the degrees of freedom that seeds shared by all settings leave. What another test "
        "set would change is not in it.",
    ),
    (
        "Diverged",
        "The loss was not finite, or no better than guessing at the end. Such a run scores chance, is "
        "counted, and stays in every figure. A pick's score and its differences to other "
        "picks are of the runs that converge, how often it diverges stands beside them.",
    ),
    (
        "As tuned here",
        "Other tuning seeds would have picked other settings, which makes an optimizer's mean less certain: "
        "by the root mean square of the measured gaps between its pick and what draws of the tuning seeds "
        "pick in its place, with one degree of freedom less than there are seeds. It is added to the fresh "
        "seeds' error.",
    ),
    (
        "edge",
        "The learning rate is the first or last that was searched: better ones may lie beyond.",
    ),
)

BRIEF = (
    "★ peak: best mean. ◇ robust: best R, the mean of a setting and its grid neighbours, with an lr "
    "inside the range and no diverged run near by. *div.*: runs that diverged; they score chance. "
    "*edge*: lr is the first or last searched. Table and figures are of the tuning seeds, where the "
    "best of many noisy means looks too good; the headline is of fresh seeds, where there are any."
)

PICKED_TRIAL = "Its learning curves are on the study's first page, below the dashboard's own figures."

OWN_FIGURES = (
    "The report's figures follow the dashboard's own on the study's first page. Its own *Hyperparameter "
    "Importance* knows neither the log scale of a learning rate nor the seeds' noise: read *what "
    "explains the scores' variance* instead."
)
