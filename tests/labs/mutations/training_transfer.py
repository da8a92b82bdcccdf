"""The bugs that the checks of transfer learning are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("fewer_labels", 'if way != "from scratch" and', 'if way == "from scratch" and'),
    Mutation("frozen_stays", 'frozen = way == "frozen" and not p.thaw', "frozen = False"),
    Mutation("slower_body", "head, body = optimiser.param_groups", "body, head = optimiser.param_groups"),
    Mutation("head_by_hand", "network.head(code).softmax(1) -", "network.head(code) -", "nn/body_and_head.py"),
    Mutation("no_leak", "return digits_task(0, 4, rng, copies=4)", "return digits_task(0, 5, rng, copies=4)"),
)
