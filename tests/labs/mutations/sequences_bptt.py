"""Bugs that the proofs of the lab on gradients through time were seen to catch."""

from tests.labs.mutation import Mutation

RECURRENT = "nn/recurrent.py"
MUTATIONS = (
    Mutation("power", "norms.append(torch.linalg", "norms.append(float(w['W_hh'].norm()) * torch.linalg", RECURRENT),
    Mutation("power", "product = product @ factor", "product = factor @ factor", RECURRENT),
    Mutation("gradients", "1 - states[1:] ** 2", "1 - states[:-1] ** 2", RECURRENT),
    Mutation("gradients", "inside.T @ states[t]", "inside.T @ states[t + 1]", RECURRENT),
    Mutation("adds_up", '(inside @ w["W_hh"])[1:]', '(inside @ w["W_hh"])[:-1]', RECURRENT),
    Mutation("clips", "if bug == BUGS[1]", "if bug == BUGS[0]"),
    Mutation("learns", "if bug == BUGS[3]", "if bug == BUGS[0]"),
)
