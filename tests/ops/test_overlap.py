"""Frames of a signal put together give the signal back."""

import pytest
import torch

from ondes.errors import InputError
from ondes.ops.overlap import merge, overlap_add
from ondes.ops.spectral import frames, hann

X = torch.randn(2, 3, 1000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("n", "hop"), [(64, 16), (64, 32), (60, 16), (16, 16), (51, 50)])
def test_merge_of_the_frames_is_the_signal(n, hop):
    window = torch.linspace(0.1, 1, n, dtype=torch.float64)
    cut = frames(X, n_fft=n, hop=hop)
    covered = (cut.shape[-2] - 1) * hop + n
    torch.testing.assert_close(
        merge(cut, window=window, hop=hop), X[..., :covered], rtol=1e-12, atol=1e-12
    )


def test_hann_frames_at_half_their_length_add_up_to_one():
    cut = frames(X, n_fft=64, hop=32) * hann(64).double()
    inside = overlap_add(cut, hop=32)[..., 32:-64]
    torch.testing.assert_close(inside, X[..., 32 : 32 + inside.shape[-1]], rtol=0, atol=1e-6)


def test_overlap_add_is_the_adjoint_of_framing():
    cut = frames(X, n_fft=60, hop=16)
    other = torch.randn(cut.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    back = overlap_add(other, hop=16)
    torch.testing.assert_close((cut * other).sum(), (X[..., : back.shape[-1]] * back).sum())


def test_a_hop_longer_than_the_frame_leaves_silence():
    out = overlap_add(torch.ones(2, 3), hop=5)
    torch.testing.assert_close(out, torch.tensor([1.0, 1, 1, 0, 0, 1, 1, 1]))


def test_weightless_samples_are_refused():
    with pytest.raises(InputError, match="no frame has weight at sample 0"):
        merge(frames(X, n_fft=64, hop=32), window=hann(64), hop=32)
