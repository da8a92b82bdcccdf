"""Bugs that the proofs of the lab on bodies in time must catch."""

from tests.labs.mutation import Mutation

ACTING = "bodies/acting.py"
MUTATIONS = (
    Mutation("constant", 'if how == "mixed vectors":', "if how:", ACTING),
    Mutation("short", 'if how == "slerp":  # q', "if False:  # q", ACTING),
    Mutation("met", "/ (goal.time - start.time) if goal", "/ goal.time if goal", ACTING),
    Mutation("arrives", "self.lift)) @ self.turn)", "self.lift)) @ np.eye(3)[[2, 0, 1]])", ACTING),
)
