"""Bodies: the SMPL function and its files, poses, inverse kinematics, and fitting."""
