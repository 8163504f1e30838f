"""Signal processing as functions, floor 1.

``augment`` and ``reverb``, ``spectral`` and ``filterbank`` work on torch tensors ``[..., t]``;
``resample``, ``signals`` and ``tape`` need numpy alone; ``overlap`` puts windows together again.
"""
