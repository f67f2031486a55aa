"""Say how to read a report, for those who train networks and for those who know statistics."""

GUIDE = (
    (
        "Setting, run, seed",
        "A setting is a point of the searched space, such as lr=0.01 momentum=0.9. It trains once with each "
        "seed: a run. Seeds differ in initialisation, data order, dropout and the train/validation split.",
    ),
    (
        "Robust, peak, config",
        "The robust setting scores best where the lr is off by about a factor of two. This mean over "
        "lr · 10^(0.3 Z), Z normal, is called R. Its lr is inside the searched range, and no run at or "
        "beside it diverged. The peak has the best mean. The config's own setting runs if nobody tunes.",
    ),
    (
        "Recommended",
        "The robust setting. Where there is none, or the best lr is at an end of the range, it is the peak. "
        "Where fresh seeds show that it is worse than the config's own, it is the config's own.",
    ),
    (
        "Tuning seeds, fresh seeds",
        "Settings are chosen on the tuning seeds, and the best of many noisy means looks better than it is. "
        "So what is chosen trains again on fresh seeds, and only these runs read the test set.",
    ),
    (
        "[a, b]",
        "A 95 % interval of the mean over seeds (Student's t). With few seeds, settings of similar means "
        "lend each other their standard deviation. Between optimizers, it allows for their choice too.",
    ),
    (
        "Diverged, learned nothing",
        "A run diverged if its loss was not finite, or ended clearly above that before any training; fresh "
        "scores leave it out. A run learned nothing if it is no better than always giving the commonest "
        "class, or the mean target.",
    ),
    (
        "Better, equal, unknown",
        "Better: p of a paired t test, corrected for all pairs (Holm), is below 0.05. Equal: the interval "
        "lies within the margin. Unknown: these runs can't say.",
    ),
)
