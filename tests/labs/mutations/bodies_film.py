"""Bugs that the proofs of the lab on films of bodies must catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("light", '// (1 if bug != "none" else samples)', "// 1"),
    Mutation("around", "math.tau * self.turns * time / self.scene.seconds", "math.tau * self.turns * time"),
    Mutation("folded", "return speed - math.tau / period", "return speed - math.pi / period"),
)
