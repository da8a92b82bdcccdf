"""Bugs that the proofs of the lab on learning a body model must catch."""

from tests.labs.mutation import Mutation

REGISTRATION = "bodies/registration.py"
MUTATIONS = (
    Mutation("near", "if stage.believe_all:", "if stage.reach:", REGISTRATION),
    Mutation("near", "((turns[i] + turns[j]) @", "((turns[i] * 0 + np.eye(3) * 2) @", REGISTRATION),
    Mutation("rigid", "now[:, :, None] * before[:, None, :]", "before[:, :, None] * now[:, None, :]", REGISTRATION),
    Mutation("falls", "rows[:, ::-1][:, :count]", "rows[:, :count]", "bodies/learning.py"),
    Mutation(
        "exact",
        "gaps = child[1] - parent[1] - turns @ near",
        "gaps = child[1] - parent[1] + turns @ near + 1",
        "bodies/learning.py",
    ),
)
