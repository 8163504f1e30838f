"""Spectra against torch.stft, scipy and closed forms; mel filters against the thesis's formula."""

import io
import math

import numpy as np
import pytest
import scipy.signal
import torch

from ondes.errors import InputError, TooShortError
from ondes.ops import spectral

X = torch.randn(2, 3, 5000, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("n_fft", "hop"), [(1024, 256), (512, 512), (400, 160), (255, 64), (64, 100)]
)
@pytest.mark.parametrize("centred", [False, True])
def test_magnitude_is_that_of_torch(n_fft, hop, centred):
    found = spectral.magnitude(X, n_fft=n_fft, hop=hop, centred=centred)
    expected = torch.stft(
        X.flatten(0, 1),
        n_fft,
        hop,
        window=torch.hann_window(n_fft),
        center=centred,
        pad_mode="constant",
        return_complex=True,
    ).abs()
    torch.testing.assert_close(found.flatten(0, 1), expected, rtol=1e-4, atol=1e-4)
    power = spectral.power(X, n_fft=n_fft, hop=hop, centred=centred)
    torch.testing.assert_close(power, found.square(), rtol=1e-4, atol=1e-4)


def test_power_of_a_sine_in_closed_form():
    n = 256
    x = torch.cos(2 * torch.pi * 32 * torch.arange(4 * n) / n)[None]
    power = spectral.power(x, n_fft=n, hop=n)
    torch.testing.assert_close(power[0, 32], torch.full((4,), (n / 4) ** 2), rtol=1e-4, atol=0)
    torch.testing.assert_close(power[0, 31], torch.full((4,), (n / 8) ** 2), rtol=1e-4, atol=0)
    assert power[0, 40:].max() < 1e-5


def test_frames_hold_what_they_should():
    found = spectral.frames(X, n_fft=100, hop=30)
    torch.testing.assert_close(found, X.unfold(-1, 100, 30))


@pytest.mark.parametrize("symmetric", [False, True])
def test_hann_windows(symmetric):
    expected = scipy.signal.get_window("hann", 33, fftbins=not symmetric)
    np.testing.assert_allclose(spectral.hann(33, symmetric=symmetric), expected, atol=1e-6)


def test_wrong_calls_name_the_cure():
    with pytest.raises(TooShortError, match="smaller n_fft"):
        spectral.frames(torch.zeros(1, 99), n_fft=100, hop=10)
    with pytest.raises(InputError, match="does not fit"):
        spectral.power(X, n_fft=100, hop=10, window=torch.ones(99))
    with pytest.raises(InputError, match="at least 1"):
        spectral.frames(X, n_fft=100, hop=0)


def test_gradient_in_silence_is_finite():
    x = torch.zeros(1, 512, requires_grad=True)
    spectral.magnitude(x, n_fft=256, hop=64).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_decibels():
    power = torch.tensor([1e-20, 1e-3, 1.0, 100.0])
    torch.testing.assert_close(
        spectral.decibels(power), torch.tensor([-100.0, -30.0, 0.0, 20.0]), rtol=0, atol=1e-4
    )


def test_mel_is_linear_below_and_logarithmic_above():
    assert spectral.mel(np.array([700.0]))[0] == pytest.approx(1127 * math.log(2))
    f = np.array([0.0, 55.0, 440.0, 12000.0])
    np.testing.assert_allclose(spectral.mel_to_hz(spectral.mel(f)), f, atol=1e-9)
    assert spectral.mel(np.array(1000.0)) == pytest.approx(1000, rel=1e-4)


def thesis_mel(n_bands, *, n_fft, rate_hz):
    """Eq. 1.46-1.49, bin by bin."""
    top = 1127 * math.log(1 + rate_hz / 2 / 700)
    h = [700 * (math.exp(i * top / (n_bands + 1) / 1127) - 1) for i in range(n_bands + 2)]
    f = [math.floor((n_fft + 1) * x / rate_hz) for x in h]
    matrix = np.zeros((n_bands, n_fft // 2 + 1))
    for m in range(1, n_bands + 1):
        for k in range(n_fft // 2 + 1):
            if f[m - 1] <= k < f[m]:
                matrix[m - 1, k] = (k - f[m - 1]) / (f[m] - f[m - 1])
            elif f[m] <= k < f[m + 1]:
                matrix[m - 1, k] = (f[m + 1] - k) / (f[m + 1] - f[m])
    return matrix


def test_rounded_mel_filters_are_the_thesis_s():
    found = spectral.mel_filters(40, n_fft=2048, rate_hz=44100, rounded=True)
    np.testing.assert_allclose(found, thesis_mel(40, n_fft=2048, rate_hz=44100), atol=1e-6)


def test_rounded_mel_filters_are_never_empty():
    filters = spectral.mel_filters(128, n_fft=512, rate_hz=44100, rounded=True)
    assert (filters.amax(1) == 1).all()


@pytest.mark.parametrize(("norm", "theirs"), [("peak", None), ("area", "slaney")])
def test_mel_filters_are_those_of_librosa(norm, theirs):
    librosa = pytest.importorskip("librosa", reason="librosa is an oracle, not a dependency")
    expected = librosa.filters.mel(
        sr=24000, n_fft=2048, n_mels=64, fmin=30, fmax=11000, htk=True, norm=theirs
    )
    found = spectral.mel_filters(64, n_fft=2048, rate_hz=24000, fmin=30, fmax=11000, norm=norm)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * expected.max())


def test_unrounded_mel_filters_share_out_every_bin():
    filters = spectral.mel_filters(30, n_fft=1024, rate_hz=16000)
    corners = spectral.mel_to_hz(np.linspace(0, spectral.mel(np.array(8000.0)), 32))
    inside = (np.arange(513) * 16000 / 1024 >= corners[1]) & (
        np.arange(513) * 16000 / 1024 <= corners[-2]
    )
    np.testing.assert_allclose(filters.sum(0)[inside], 1, atol=1e-6)


def test_mel_filters_that_cannot_be():
    with pytest.raises(InputError, match="fmin < fmax"):
        spectral.mel_filters(10, n_fft=512, rate_hz=8000, fmax=5000.0)
    with pytest.raises(InputError, match="fewer bands"):
        spectral.mel_filters(128, n_fft=256, rate_hz=48000)


class FrontEnd(torch.nn.Module):
    """Everything a model may want of this module inside its graph."""

    def __init__(self, n_fft, hop):
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.register_buffer("window", spectral.hann(n_fft))
        self.register_buffer("filters", spectral.mel_filters(20, n_fft=n_fft, rate_hz=24000))

    def forward(self, x):
        cut = spectral.frames(x, n_fft=self.n_fft, hop=self.hop)
        mel = spectral.power_spectrum(cut * self.window) @ self.filters.T
        size = spectral.magnitude(x, n_fft=self.n_fft, hop=self.hop, centred=True)
        return spectral.decibels(mel), size


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("n_fft", "hop"), [(1024, 256), (512, 200)])
def test_exports_to_onnx_with_a_free_length(n_fft, hop):
    pytest.importorskip("onnxscript", reason="install ondes[onnx]")
    onnxruntime = pytest.importorskip("onnxruntime", reason="install ondes[onnx]")
    model = FrontEnd(n_fft, hop).eval()
    shapes = ({2: torch.export.Dim("t", min=2 * n_fft)},)
    example = (torch.zeros(1, 1, 5000),)
    program = torch.onnx.export(model, example, dynamo=True, dynamic_shapes=shapes, verbose=False)
    file = io.BytesIO()
    program.save(file)
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    for n in (5000, 12345, 3001):
        x = torch.randn(1, 1, n, generator=torch.Generator().manual_seed(n))
        found = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        for a, b in zip(found, model(x), strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
