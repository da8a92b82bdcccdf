"""Bugs that the proofs of the lab on SMPL must catch."""

from tests.labs.mutation import Mutation

MODEL = "bodies/model.py"
MUTATIONS = (
    Mutation(
        "equal",
        "frames = frames.index_select(1, above) @ frames",
        "frames = frames @ frames.index_select(1, above)",
        MODEL,
    ),
    Mutation(
        "rest",
        "moved = frames[..., :3, 3] - (rotations @ joints[..., None]).squeeze(-1)",
        "moved = frames[..., :3, 3]",
        MODEL,
    ),
    Mutation(
        "rest_offsets",
        "return (rotations[:, 1:] - torch.eye(3, dtype=rotations.dtype, device=rotations.device)).flatten(1)",
        "return rotations[:, 1:].flatten(1)",
        MODEL,
    ),
    Mutation(
        "gradient",
        "offsets = betas @ model.joint_directions",
        "offsets = betas.detach() @ model.joint_directions",
        MODEL,
    ),
    Mutation("arrives", "axes = turns.transpose(0, 2, 1)", "axes = turns", "bodies/reaching.py"),
    Mutation(
        "arrives", "return np.clip(turned, skeleton.low, skeleton.high)", "return turned + 0.2", "bodies/reaching.py"
    ),
)
