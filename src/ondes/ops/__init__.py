"""Signal processing as functions, floor 1.

``augment`` and ``reverb``, ``spectral`` and ``filterbank`` work on torch tensors ``[..., t]``;
``convolve`` computes convolutions of long signals the fastest way that this processor has;
``resample``, ``signals`` and ``tape`` need numpy alone; ``overlap`` puts windows together again.
"""
