"""Bugs that the proofs of the splat viewer must catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("together", 'scene.sh if bug == "colours stay behind" else right.sh', "scene.sh"),
    Mutation(
        "undone", "self.now, self._edits, self.refused = self._first, (), ()", "self._edits, self.refused = (), ()"
    ),
)
