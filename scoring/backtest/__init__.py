"""Does the score tell who will move others? Scores at a past date beside what came after it, and beside simpler counts.

edges.py reads a file of reactions, splitting.py cuts it into what was known and what came after, baselines.py has the
simpler counts, agreement.py measures how well each orders people, trial.py puts them together.

What is measured
    People are all accounts seen before the split, whether they acted or were reacted to; the truth about each is the
    number of different accounts that react to them after it. Spearman is the rank correlation with it, ties at the
    middle of their ranks. Precision is the share of the best 5% by a measure who are among the best 5% in truth; where
    a tie lies across the border, everybody in it is in by the same fraction, so that no order of rows matters.
    Intervals are 2.5 and 97.5 percentiles of a bootstrap over people, by a stated seed; differences between the score
    and a baseline are taken on the same resamples.

What nobody may see
    The engine sees only what happened before the split, with every time moved so that the split is a midnight (UTC):
    it counts whole days, and would otherwise be denied the hours before the split that the baselines see.

Files without times
    A random half of the actors is hidden with all they did; people are scored by what the others did, and the truth is
    the number of hidden ones who reacted. It tells whether the score carries over to other people's judgement, not
    whether it sees ahead. Edges picked at random would not do: the same person would stand on both sides.
"""
