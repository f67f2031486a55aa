"""What each figure is called and how it is read."""

TITLES = {
    "best": "Best setting at each learning rate",
    "best-of-k": "Expected best of k settings",
    "shares": "Share of the space that is nearly as good as its best",
    "divergence": "Diverged runs by learning rate",
    "fresh": "Tuning seeds against fresh seeds",
    "differences": "Differences between optimizers",
    "scores": "Score by learning rate",
    "maps": "Scores and neighbourhood means over the grid",
    "importance": "What explains the scores",
    "regrets": "Regret under each condition",
    "curves": "Learning curves",
}

READING = {
    "best": """For each learning rate the other parameters are set to what was best with it on the
        tuning seeds, so the lines are a little too good. A wide plateau forgives a wrong learning
        rate.""",
    "best-of-k": """What a search gets that tries k of the settings measured here at random and keeps the
        best: a curve that is flat from the start needs no search. The band holds for all k at once.
        On its right most of it is what the seeds' validation splits have in common, which moves all
        curves together; on its left, where a bad setting is often among the k, that settings may
        diverge more or less often than these seeds showed. A dotted line, drawn where all settings were
        trained on fresh seeds too, is what the kept setting is really worth.""",
    "shares": """Read it at half a point and at one: how likely a blind choice within the searched
        ranges comes that close to the best. A band, where there is one, spans what unmeasured settings
        could be. The share depends on the ranges and says nothing about learning rates that were not
        searched.""",
    "divergence": """A run that ends at no finite loss, or at that of guessing or above, diverged. Bars
        are exact 95 % intervals as if all runs at a learning rate were alike; none in a few runs
        doesn't prove it safe.""",
    "fresh": """Other seeds bring other validation splits, which moves all picks up or down together;
        one that was only lucky falls below the others, seen from the dotted diagonal. Both axes show
        the objective, bars are 95 % intervals over the fresh seeds; a long one below belongs to a pick
        with a diverged run near by or an lr at an end of the range, which may diverge more often.""",
    "differences": """Confirmed picks on the same fresh seeds: blue, of the two settings; grey, of the
        optimizers as they were tuned here, since other tuning seeds might have picked others. Both
        allow for unseen divergence of a pick beside a cliff or at an end of the learning rates. An
        interval that holds 0 shows no difference that these seeds can tell; one inside the green strip,
        that there is none worth speaking of.""",
    "scores": """Every small point is one run; a line joins the means of settings that differ in the
        learning rate alone. A broad hill is robust, a narrow peak beside a cliff is not. A red cross at
        the foot is a setting with a diverged run. Where a curve still climbs at an edge, the searched
        range was too narrow.""",
    "maps": """Left, s, the mean over replicates; right, R, the mean of a setting and its neighbours one
        step away. The peak pick is the best cell on the left; the robust pick is the best on the right
        among those with a learning rate inside the range and no diverged run near by. A × marks a
        diverged run.""",
    "importance": """How much of the differences between settings each parameter explains alone, and
        together with another (×), less what the seeds' noise adds; bars are 95 % intervals. It is a
        property of this grid: a wider range makes a parameter matter more, and a diverged setting
        counts with its chance score.""",
    "regrets": """How far a setting falls below the best one under the same condition; those with the
        least largest regret are on top. A row that is light everywhere can be carried from one
        condition to another.""",
    "curves": """Left, the training loss of the first run; right, accuracy after each epoch, the first
        run drawn bold. Dotted verticals are epochs that began with a smaller learning rate. Training
        accuracy is measured while the weights move and with dropout on, so it can lie below validation
        accuracy.""",
}

CROWDED = "The search crowds its trials where it scored well: this picture is no map of the space."

ADAPTIVE = """An adaptive search crowds its trials where it scored well and stops the others, so they
    say nothing about how much of the space is good, nor what matters in it."""

# Why a figure isn't there.
MISSING = {
    "scores": "no setting is complete, or no parameter has an order",
    "best": "no setting is complete, or no parameter with an order is common to all studies",
    "best-of-k": "no setting is complete",
    "shares": "no setting is complete, or the objective is not in percent",
    "divergence": "no run diverged that has a parameter with an order",
    "fresh": "no setting was trained on fresh seeds",
    "differences": "it takes the robust picks of two studies, trained on the same two or more fresh seeds",
    "maps": "it takes a grid of at least two parameters",
    "importance": "it takes a full grid of two parameters, and more than noise between its settings",
    "regrets": "no setting is complete",
    "curves": "no pick is measured yet, or the jobs kept no curves",
}
