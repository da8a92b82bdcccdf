"""Bugs that the proofs of the lab on ensembles were seen to catch."""

from tests.labs.mutation import Mutation

TREES = "nn/trees.py"
MUTATIONS = (
    Mutation("falls", 'if p.draw == "fresh data" and', "if False and"),
    Mutation("correlated", 'if bug == "the same sample for all":', "if True:"),
    Mutation("tree_agrees", "return int(gain.argmax()) + 1", "return int(gain.argmax()) + 2", TREES),
    Mutation("tossed", "0.5 * np.log((1 - kept) / kept)", "np.log((1 - kept) / kept)", TREES),
    Mutation("tossed", "-alpha if self.p.bug == BUGS[3] else alpha", "-alpha"),
    Mutation("bounded", "self.score += alpha * stump(self.points)", "self.score += abs(alpha) * -stump(self.points)"),
    Mutation("divides", "y if self.p.bug == BUGS[2] else y - self.fitted[world]", "y"),
)
