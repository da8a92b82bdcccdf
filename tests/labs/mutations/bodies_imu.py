"""Bugs that the proofs of the body from six sensors must catch."""

from tests.labs.mutation import Mutation

INERTIAL = "bodies/inertial.py"
MUTATIONS = (
    Mutation("calibration", 'if bug == "mounts transposed" else', 'if bug != "mounts transposed" else'),
    Mutation("random_walk", "faults.gyro_noise * np.sqrt(rate) *", "faults.gyro_noise *", file=INERTIAL),
    Mutation("held", "tilt = np.cross(seen_up, up)", "tilt = np.cross(up, seen_up)", file=INERTIAL),
    Mutation("bias", "state.bias -= trust.learn", "state.bias += trust.learn", file=INERTIAL),
    Mutation(
        "horizon",
        "turned = (np.cross(reading.magnetometer, inverse @ NORTH) * up).sum(-1, keepdims=True) * up",
        "turned = np.cross(reading.magnetometer, inverse @ NORTH)",
        file=INERTIAL,
    ),
)
