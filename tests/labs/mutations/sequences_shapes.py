"""Bugs that the proofs of the lab on shapes of sequences were seen to catch."""

from tests.labs.mutation import Mutation

RECURRENT, TASKS = "nn/recurrent.py", "data/shape_tasks.py"
MUTATIONS = (
    Mutation("agrees", 'h[-1] @ w["W_hh"].T + now', 'h[0] @ w["W_hh"].T + now', RECURRENT),
    Mutation("agrees", 'own["core.bias_ih_l0"] + own["core.bias_hh_l0"]', 'own["core.bias_ih_l0"]'),
    Mutation("due", "expand(BITS, -1), BITS - 1)", "expand(BITS, -1), 0)", TASKS),
    Mutation("due", "if bug == FIRST", "if bug != FIRST"),
    Mutation("causal", "if bug == SWAPPED", "if bug != SWAPPED"),
    Mutation("causal", "if bug == FORGETS", "if bug != FORGETS"),
    Mutation("blind", "_LN_WORDS = math.log(2), math.log(WORDS)", "_LN_WORDS = math.log(2), math.log(2)", TASKS),
    Mutation("blind", "(HIGHEST - t) / HIGHEST * math.log(HIGHEST) -", "math.log(HIGHEST) -", TASKS),
    Mutation("beats", "if bug == LATE", "if bug != LATE"),
)
