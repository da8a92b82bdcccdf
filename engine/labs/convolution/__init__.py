"""Convolution: kernels, pooling, pictures in and out."""
