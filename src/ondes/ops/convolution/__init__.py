"""What `ondes.ops.convolve` is made of.

``kernels`` holds the ways to compute a convolution, ``blocks`` runs one over a signal piece by
piece, ``probe`` times them for a shape, ``store`` keeps choices on disk, and ``choice`` decides.
"""
