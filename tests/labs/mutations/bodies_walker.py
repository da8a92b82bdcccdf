"""Bugs that the proofs of the point-light walker must catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("lengths", 'lagging(places) if p.bug == "joints lag behind" else places', "lagging(places)"),
    Mutation("mirror", "places * np.array([1.0, 1.0, -1.0])", "places * np.array([1.0, 1.0, -1.1])"),
    Mutation("local", "places - middle + middle[:, order]", "places[:, order]"),
    Mutation("repeats", "RATE, FRAMES = 30.0, 100", "RATE, FRAMES = 30.0, 90"),
)
