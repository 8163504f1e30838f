"""Non-negative matrix factorisation that knows the training bank (Smaragdis and Brown 2003).

The magnitudes of a clip are explained by fixed spectra of the bank's tones, by the updates of Lee
and Seung (2001) for the Kullback-Leibler divergence in scikit-learn. What the spectra of a pitch
contribute together, in decibels below the clip's loudest, is its frame map.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._clips import Clips, Samples
from benchmarks._scores import Floats
from benchmarks._systems import Heard, Reading, fitted
from ondes.data.banks import Bank
from ondes.ops import spectral
from ondes.timebase import Timebase

N_FFT_S = 4096 / 24_000
UP_TO_HZ = 5000.0  # harmonics above tell more of the instrument than of the pitch
ITERATIONS = 40
RANGE_DB = 70.0
QUIET = 1.0  # magnitude of a tone of -60 dB of full scale
ATTACK = 3  # frames around the onset that make the first spectrum
SUSTAINS = 2  # further spectra, of stretches that grow longer


@dataclass(frozen=True)
class Nmf:
    """Spectra [atom, bin] of tones, each of sum 1, and the label that each is of."""

    atoms: Floats
    rows: NDArray[np.int64]
    grid: Timebase
    labels: tuple[str, ...]
    name: str = "KL-NMF that knows the training bank"

    @classmethod
    def of(cls, bank: Bank, grid: Timebase, labels: tuple[str, ...]) -> Nmf:
        """The dictionary of all sounds of a bank at the rate of the grid."""
        pairs = [
            (atom, labels.index(sound.label))
            for sound in bank.sounds
            for atom in atoms(sound.samples[: sound.audible], grid)
        ]
        return cls(
            np.stack([atom for atom, _ in pairs]),
            np.array([row for _, row in pairs]),
            grid,
            labels,
        )

    def hear(self, x: Samples) -> Heard:
        """The level of each pitch, from 70 dB below the loudest of the clip to it, as 0 to 1."""
        activations = np.zeros((len(self.labels), self.grid.frames_in(x.size)), np.float32)
        np.add.at(activations, self.rows, self._activations(magnitudes(x, self.grid)).T)
        level_db = 20 * np.log10(np.maximum(activations, 1e-12) / max(activations.max(), QUIET))
        return Heard(np.clip(1 + level_db / RANGE_DB, 0, 1)[None])

    def readings(self, valid: Clips, heard: Sequence[Heard]) -> list[Reading]:
        """It has no way to notes of its own: ours."""
        return [fitted(valid, heard)]

    def _activations(self, spectra: Floats) -> Floats:
        """How much of each atom is in each frame, [frame, atom]."""
        from sklearn.decomposition import non_negative_factorization
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            weights, _, _ = non_negative_factorization(
                np.maximum(spectra, 1e-7),
                H=self.atoms,
                n_components=len(self.atoms),
                update_H=False,
                solver="mu",
                beta_loss="kullback-leibler",
                max_iter=ITERATIONS,
                tol=0,
            )
        return np.asarray(weights)


def magnitudes(x: Samples, grid: Timebase) -> Floats:
    """Magnitudes [frame, bin] up to UP_TO_HZ, windows centred on the frames of the grid."""
    n_fft = round(N_FFT_S * grid.rate_hz)
    before = n_fft // 2 - grid.hop // 2
    padded = torch.from_numpy(np.pad(x, (before, n_fft - grid.hop - before)))
    window = spectral.hann(n_fft)
    spectra = spectral.magnitude(padded, n_fft=n_fft, hop=grid.hop, window=window)
    return spectra[: round(UP_TO_HZ / grid.rate_hz * n_fft)].T.numpy()


def atoms(tone: Samples, grid: Timebase) -> Iterator[Floats]:
    """Mean spectra of the attack of a tone and of stretches after it, each of sum 1."""
    spectra = magnitudes(tone, grid)
    loudest = int(spectra[: 4 * ATTACK].sum(axis=1).argmax())
    lasts = max(len(spectra) - loudest, 1 + SUSTAINS)
    edges = loudest - 1 + np.geomspace(1, lasts, SUSTAINS + 1).astype(int)
    stretches = [(max(loudest - ATTACK, 0), max(loudest, 1)), *pairwise(edges)]
    for start, stop in stretches:
        mean = spectra[start:stop].mean(axis=0) if start < min(stop, len(spectra)) else np.zeros(1)
        if mean.sum() > 0:
            yield mean / mean.sum()
