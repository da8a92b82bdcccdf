"""The bugs that the checks of the learning-rate schedules are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("closed_forms", "np.floor(t / p.every)", "np.floor((t + 1) / p.every)"),
    Mutation("closed_forms", "np.cos(np.pi * t / p.steps)", "np.cos(np.pi * t / (p.steps - 1))"),
    Mutation("closed_forms", "return t % p.cycle,", "return (t - 1) % p.cycle,"),
    Mutation("restart_steps", "p.cycle * (p.grow**gone - 1) / (p.grow - 1)", "p.cycle * (p.grow**gone - 1)/ p.grow"),
    Mutation("averages", "p.eta / (1 + p.time * t)", "p.eta / (1 + p.time * np.maximum(t - 1, 0))"),
    Mutation("ball", "eta * (self.walkers + noise)", "eta * self.walkers + noise"),
)
