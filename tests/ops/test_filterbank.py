"""The log-frequency filterbank against what its definition promises."""

import numpy as np
import pytest
import torch

from ondes.errors import InputError
from ondes.ops import filterbank, spectral

PIANO = {"fmin": 27.5, "bins_per_octave": 36, "n_fft": 4096, "rate_hz": 24000}


@pytest.mark.parametrize("shape", ["triangular", "gaussian"])
def test_rows_are_means_about_their_centres(shape):
    filters = filterbank.log_frequency(255, shape=shape, **PIANO).double().numpy()
    bins = np.arange(2049) * 24000 / 4096
    assert (filters >= 0).all()
    np.testing.assert_allclose(filters.sum(1), 1, atol=1e-5)
    centroid = filters @ bins
    centres = 27.5 * 2 ** (np.arange(255) / 36)
    assert (np.abs(centroid - centres) < np.maximum(0.005 * centres, 24000 / 4096)).all()


@pytest.mark.parametrize("shape", ["triangular", "gaussian"])
@pytest.mark.parametrize("pitch", [12, 40, 84])
def test_a_tone_shows_in_its_row(shape, pitch):
    f = 27.5 * 2 ** (pitch / 12)
    x = torch.sin(2 * torch.pi * f * torch.arange(4096, dtype=torch.float64) / 24000).float()
    power = spectral.power_spectrum(x * spectral.hann(4096))
    filters = filterbank.log_frequency(96, **(PIANO | {"bins_per_octave": 12}), shape=shape)
    assert (filters @ power).argmax() == pitch


def test_triangles_reach_the_neighbouring_centres():
    filters = filterbank.log_frequency(5, fmin=100.0, bins_per_octave=1, n_fft=8000, rate_hz=8000.0)
    row = filters[2] / filters[2].max()
    assert row.argmax() == 400
    assert row[200] == row[800] == 0
    torch.testing.assert_close(row[[283, 566]], torch.tensor([0.5, 0.5]), rtol=0, atol=2e-3)


def test_gaussians_are_half_way_down_half_way_to_the_next():
    filters = filterbank.log_frequency(
        5, fmin=100.0, bins_per_octave=1, n_fft=8000, rate_hz=8000.0, shape="gaussian"
    )
    row = filters[2] / filters[2].max()
    torch.testing.assert_close(row[[283, 566]], torch.tensor([0.5, 0.5]), rtol=0, atol=2e-3)


def test_where_the_dft_is_coarse_rows_interpolate_between_its_bins():
    filters = filterbank.log_frequency(12, fmin=105.0, bins_per_octave=48, n_fft=800, rate_hz=8000)
    centre = 105 * 2 ** (3 / 48)
    assert (filters[3] > 0).sum() == 2
    assert filters[3] @ (torch.arange(401.0) * 10) == pytest.approx(centre, rel=1e-6)


def test_centres_above_nyquist_are_refused():
    with pytest.raises(InputError, match="fewer bins"):
        filterbank.log_frequency(400, **PIANO)
