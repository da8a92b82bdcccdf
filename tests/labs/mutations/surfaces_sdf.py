"""Bugs that the proofs of the signed distance field must catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("supervised", "from_numpy(distance(space)", "from_numpy(np.abs(distance(space))"),
    Mutation("from_points", "(gradient - target.normals[here]", "(gradient + target.normals[here]"),
    Mutation(
        "slope",
        "return (gradient.norm(dim=-1) - 1).square().mean()",
        "return (gradient.norm(dim=-1) - 2).square().mean()",
    ),
    Mutation(
        "normals", "torch.autograd.grad(value.sum(),", "torch.autograd.grad(value.sum() / 2,", file="nn/fields.py"
    ),
    Mutation("vertex_error", "+= here / (here - there)", "+= 0.5", file="geometry/marching.py"),
    Mutation("closed", "(0, 4, 6, 2), (1, 3, 7, 5)", "(0, 2, 6, 4), (1, 3, 7, 5)", file="geometry/marching.py"),
    Mutation(
        "mesh_distance",
        "np.concatenate([face[:, None], at_edge[number].reshape(-1, 3, 3), at_vertex[triangles]], 1)",
        "np.repeat(face[:, None], 7, axis=1)",
        file="geometry/distance.py",
    ),
)
