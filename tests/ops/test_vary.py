"""Changes of clips against closed forms; draws against the ranges they promise."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ondes.errors import ChannelError, InputError, TooShortError
from ondes.ops import augment, vary
from ondes.protocols import Clip

RATE = 22050
EVERY = vary.Config(
    p_flip=1, p_crop=1, p_equalise=1, p_band=1, p_speed=1, p_noise=1, p_stretch=1, p_warp=1,
    p_swell=1, p_shift=1, p_mask=1, p_mixup=1, p_turn=1, effects=augment.Config(),
)  # fmt: skip
OFF = {name: 0 for name in vars(EVERY) if name.startswith("p_")}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def impulse(n, at, channels=2):
    x = np.zeros((channels, n), np.float32)
    x[:, at] = 1
    return x


def cosine(n, k):
    """Bin `k` of the cosine transform of `n` samples."""
    return np.cos(np.pi * k * (np.arange(n) + 0.5) / n).astype(np.float32)[None]


def only(name, **numbers):
    return vary.Config(**{f"p_{name}": 1.0}, **numbers)


@pytest.mark.parametrize(("by", "fill", "expected"), [
    (3, "zero", 13), (-4, "zero", 6), (9, "circular", 19), (12, "circular", 2),
    (-12, "circular", 18), (3, "edge", 13),
])  # fmt: skip
def test_shift_moves_impulses(by, fill, expected):
    moved = vary.shift(impulse(20, 10), by, fill=fill)
    np.testing.assert_array_equal(moved, impulse(20, expected))


def test_shift_fills_as_asked():
    x = np.array([[1, 2, 3, 4]], np.float32)
    np.testing.assert_array_equal(vary.shift(x, 2), [[0, 0, 1, 2]])
    np.testing.assert_array_equal(vary.shift(x, 2, fill="edge"), [[1, 1, 1, 2]])
    np.testing.assert_array_equal(vary.shift(x, -1, fill="edge"), [[2, 3, 4, 4]])
    np.testing.assert_array_equal(vary.shift(x, 9), np.zeros((1, 4)))
    np.testing.assert_array_equal(vary.shift(x, -9, fill="edge"), np.full((1, 4), 4))
    np.testing.assert_array_equal(vary.shift(x, 0), x)


def test_crop_and_window_keep_what_they_say():
    x = np.arange(10, dtype=np.float32)[None]
    np.testing.assert_array_equal(vary.crop(x, keep=0.3, place=0.5), [[4, 5, 6]])
    assert vary.crop(x, keep=1e-9, place=0).shape == (1, 1)
    framed = vary.window(x, 14, place=0.25)
    np.testing.assert_array_equal(framed[0, 1:11], x[0])
    assert framed.sum() == x.sum()
    assert not np.shares_memory(vary.window(x, 10, place=0), x)
    with pytest.raises(InputError, match="n >= 1"):
        vary.window(x, 0, place=0)


def test_turn_is_a_rotation_in_its_plane():
    x, plane = noise(3, 50), [[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]]
    turned = vary.turn(x, plane, 35.0)
    axis = np.cross(*plane)
    expected = Rotation.from_rotvec(np.radians(35) * axis / np.linalg.norm(axis)).apply(x.T).T
    np.testing.assert_allclose(turned, expected, atol=1e-5)
    np.testing.assert_allclose(vary.turn(turned, plane, -35.0), x, atol=1e-5)
    assert turned.dtype == np.float32


def test_turn_keeps_lengths_whatever_the_channels_and_leaves_one_alone():
    x, plane = noise(6, 20), noise(2, 6, seed=1)
    turned = vary.turn(x, plane, 70.0)
    np.testing.assert_allclose(turned.T @ turned, x.T @ x, atol=1e-4)
    one = noise(1, 5)
    np.testing.assert_array_equal(vary.turn(one, [[1.0], [2.0]], 70.0), one)
    with pytest.raises(ChannelError, match="6 channels"):
        vary.turn(x, [[1.0, 0.0], [0.0, 1.0]], 10.0)


def test_a_window_that_is_no_frame_cuts_the_longer_ones_alone():
    config = only("speed", speed=(1.25, 1.25), n_samples=40, framed=False)
    chain = vary.draw(np.random.default_rng(0), config)
    lengths = {n: chain(noise(1, n), RATE).shape[-1] for n in (10, 49, 50, 200)}
    assert lengths == {10: 8, 49: 39, 50: 40, 200: 40}
    still = vary.draw(np.random.default_rng(0), vary.Config(n_samples=40, framed=False))
    assert [still(noise(1, n), RATE).shape[-1] for n in (10, 40, 60)] == [10, 40, 40]


def test_mask_keeps_the_rest_and_the_mean():
    x = noise(2, 100) + 5
    masked = vary.mask(x, length=0.2, place=0.5)
    np.testing.assert_array_equal(masked[:, :40], x[:, :40])
    np.testing.assert_array_equal(masked[:, 60:], x[:, 60:])
    np.testing.assert_allclose(masked[:, 40:60], np.repeat(x.mean(1), 20).reshape(2, 20), rtol=1e-6)


def test_smooth_passes_through_its_values_and_stays_between_them():
    values = np.array([3.0, -1.0, 4.0, 4.0])
    np.testing.assert_array_equal(vary.smooth(values, np.arange(4, dtype=np.float32)), values)
    fine = vary.smooth(values, np.linspace(0, 3, 301, dtype=np.float32))
    assert (np.diff(fine[:101]) <= 0).all()
    assert fine.max() <= 4
    assert vary.smooth([2.0], np.zeros(3, np.float32)).tolist() == [2, 2, 2]


def test_swell_multiplies_by_its_gains():
    louder = vary.swell(np.ones((1, 101), np.float32), [0.0, 20.0, -20.0])
    np.testing.assert_allclose(louder[0, [0, 25, 50, 100]], [1, 10**0.5, 10, 0.1], rtol=1e-5)


def test_warp_reads_a_ramp_and_a_parabola_where_time_was_moved():
    n = np.arange(201, dtype=np.float32)
    at = vary.warp(n[None], [0.1, -0.05])[0]
    inner = slice(2, -2)
    squares = vary.warp(n[None] ** 2 / 200, [0.1, -0.05])[0]
    np.testing.assert_allclose(squares[inner], at[inner] ** 2 / 200, atol=2e-4)
    assert (np.diff(at) >= 0).all()
    assert at[[0, -1]].tolist() == [0, 200]
    middle = vary.warp(n[None], [0.1])[0, 100]
    assert middle == pytest.approx(120, abs=1e-3)
    with pytest.raises(InputError, match="back"):
        vary.warp(n[None], [0.9])


@pytest.mark.parametrize("factor", [0.5, 0.93, 1.0, 1.1, 2.0])
def test_speed_moves_cosines_to_cosines(factor):
    n, k = 400, 12
    shorter = vary.speed(cosine(n, k), factor)
    length = round(n / factor)
    np.testing.assert_allclose(shorter, cosine(length, k), atol=2e-6)


def test_speed_leaves_out_what_would_lie_too_high():
    assert abs(vary.speed(cosine(400, 300), 2.0)).max() < 1e-6
    assert vary.speed(noise(1, 2), 100.0).shape == (1, 1)


def test_equalisation_is_what_was_asked():
    n, gains = 4096, [6.0, -3.0, 0.0, 9.0, -6.0]
    for node, gain in enumerate(gains[1:], 1):
        k = n >> node
        filtered = vary.equalise(cosine(n, k), gains)
        np.testing.assert_allclose(filtered, cosine(n, k) * 10 ** (gain / 20), atol=1e-5)
    lowest = vary.equalise(cosine(n, 3), gains)
    np.testing.assert_allclose(lowest, cosine(n, 3) * 10 ** (-6 / 20), atol=1e-5)
    halfway = vary.equalise(cosine(n, round(n / 2**1.5)), gains)
    np.testing.assert_allclose(halfway.max(), 10 ** (-1.5 / 20), rtol=1e-3)


def test_equalisation_is_linear_and_has_no_delay():
    gains = [3.0, -3.0, 5.0]
    one, other = noise(2, 500), noise(2, 500, seed=1)
    together = vary.equalise(one + other, gains)
    apart = vary.equalise(one, gains) + vary.equalise(other, gains)
    np.testing.assert_allclose(together, apart, atol=1e-5)
    spread = vary.equalise(impulse(501, 250), gains, octaves=0.5)[0]
    np.testing.assert_allclose(spread, spread[::-1], atol=1e-6)
    assert spread.argmax() == 250
    np.testing.assert_allclose(vary.equalise(one, [0.0]), one, atol=1e-6)


def test_a_muted_band_is_gone_and_the_rest_is_left():
    n = 1000
    for k, left in ((99, 1), (100, 0), (249, 0), (250, 1), (900, 1)):
        np.testing.assert_allclose(
            vary.mute(cosine(n, k), 0.1, 0.25), left * cosine(n, k), atol=1e-5
        )


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_noise_has_the_asked_power_and_colour(slope):
    x = np.stack([np.sin(np.arange(2**16)), 0.1 * np.sin(np.arange(2**16))]).astype(np.float32) + 7
    added = (vary.hiss(x, snr_db=20.0, slope=slope, seed=1) - x).astype(np.float64)
    ratio_db = 10 * np.log10(np.square(added).mean(1) / x.var(1))
    np.testing.assert_allclose(ratio_db, -20, atol=0.01)
    np.testing.assert_allclose(added.mean(1), 0, atol=1e-6)
    power = np.square(np.abs(np.fft.rfft(added[0] * np.hanning(2**16))))
    octaves = [power[2**k : 2 ** (k + 1)].mean() for k in range(6, 15)]
    fall = np.polyfit(np.arange(9), np.log2(octaves), 1)[0]
    assert fall == pytest.approx(-slope, abs=0.1)


def test_noise_leaves_a_constant_alone_and_repeats_by_seed():
    x = np.full((1, 64), 3, np.float32)
    np.testing.assert_allclose(vary.hiss(x, snr_db=0, slope=1, seed=1), x, atol=1e-5)
    y = noise(2, 64)
    first, again, other = (vary.hiss(y, snr_db=0, slope=1, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(first - other).max() > 0.1


@pytest.mark.parametrize("factor", [0.7, 0.9, 1.0, 1.2, 1.6])
def test_stretch_keeps_a_tone_and_changes_its_length(factor):
    n, hz = RATE // 2, 441.0
    turn = 2 * np.pi * hz * np.arange(2 * n) / RATE
    x = np.stack([np.sin(turn), np.cos(turn)]).astype(np.float32)[:, :n]
    longer = vary.stretch(x, factor, frame=800)
    assert longer.shape == (2, round(n * factor))
    inner = longer[:, 1000:-1500]
    np.testing.assert_allclose(np.hypot(*inner), 1, atol=0.02)  # channels stay together
    turns = np.unwrap(np.arctan2(inner[0], inner[1]))
    assert np.polyfit(np.arange(len(turns)), turns, 1)[0] == pytest.approx(turn[1], rel=2e-3)


def test_stretch_by_one_gives_the_clip_back():
    x = noise(1, 3000)
    np.testing.assert_allclose(vary.stretch(x, 1.0, frame=200), x, atol=1e-5)
    with pytest.raises(TooShortError, match="two frames"):
        vary.stretch(x[:, :300], 1.1, frame=200)


def test_mixup_is_linear_and_labels_are_soft():
    a = Clip(noise(2, 50), np.array([1, 0, 0], np.float32))
    b = Clip(noise(2, 80, seed=1), np.array([0, 0, 1], np.float32))
    x, y = vary.mixup(a, b, 0.7)
    np.testing.assert_allclose(x, 0.7 * a.x + 0.3 * b.x[:, :50], atol=1e-6)
    np.testing.assert_allclose(y, [0.7, 0, 0.3])
    x, y = vary.mixup(b, a, 0.7, union=True)
    np.testing.assert_allclose(x[:, 50:], 0.7 * b.x[:, 50:], atol=1e-6)
    assert y.tolist() == [1, 0, 1]
    assert x.dtype == y.dtype == np.float32
    with pytest.raises(InputError, match="one data set"):
        vary.mixup(a, Clip(b.x[:1], b.y), 0.5)


def test_one_pass_equals_one_after_the_other():
    x = noise(2, 900)
    chain = vary.draw(np.random.default_rng(3), only("equalise", p_band=1, p_speed=1))
    step = vary.equalise(x, chain.equaliser.gains_db, octaves=chain.equaliser.octaves)
    once = chain(x, RATE)
    step = vary.speed(vary.mute(step, *chain.band), 900 / once.shape[1])
    assert once.shape[1] == pytest.approx(900 / chain.speed, rel=0.011)
    np.testing.assert_allclose(once, step, atol=1e-5)


@pytest.mark.parametrize("change", [n for n in OFF if n not in ("p_mixup", "p_turn")])
def test_all_channels_change_alike_in_time(change):
    config = dataclasses.replace(vary.Config(), **{change: 1.0})
    x = np.repeat(noise(1, 400), 3, axis=0)
    for seed in range(5):
        chain = vary.draw(np.random.default_rng(seed), config)
        varied = chain(x, 4000)
        assert varied.shape[0] == 3
        if change != "p_noise":
            np.testing.assert_allclose(varied[0], varied[2], atol=1e-6)


@pytest.mark.parametrize("t", [1, 2, 7, 24, 1000])
@pytest.mark.parametrize("rate_hz", [1.0, 1_562_500.0])
def test_any_length_and_rate(t, rate_hz):
    x = noise(2, t)
    x.flags.writeable = False
    for seed in range(20):
        y = vary.draw(np.random.default_rng(seed), EVERY, channels=2)(x, rate_hz)
        assert y.dtype == np.float32
        assert y.shape[1] >= 1
        assert np.isfinite(y).all()
        assert not np.shares_memory(x, y)


def test_an_empty_chain_copies():
    x = noise(2, 10)
    y = vary.draw(np.random.default_rng(0), vary.Config())(x, RATE)
    np.testing.assert_array_equal(x, y)
    assert not np.shares_memory(x, y)
    assert vary.draw(np.random.default_rng(0), vary.Config()) == vary.Chain()


def test_draws_depend_on_the_generator_alone_and_not_on_each_other():
    chain, again = (vary.draw(np.random.default_rng(5), EVERY, channels=4) for _ in range(2))
    assert chain == again
    for name in OFF:
        if name == "p_mixup":
            continue
        less = vary.draw(
            np.random.default_rng(5), dataclasses.replace(EVERY, **{name: 0}), channels=4
        )
        differ = {f for f, value in vars(chain).items() if getattr(less, f) != value}
        assert len(differ) == 1, name


def test_draws_keep_their_ranges_and_probabilities():
    config = dataclasses.replace(EVERY, p_shift=0.3, n_samples=50)
    chains = [vary.draw(np.random.default_rng(i), config) for i in range(800)]
    shifts = np.array([c.shift.share for c in chains if c.shift is not None])
    assert len(shifts) / 800 == pytest.approx(0.3, abs=0.05)
    assert -0.1 <= shifts.min() < -0.09 < 0.09 < shifts.max() <= 0.1
    speeds = np.array([c.speed for c in chains])
    assert 0.9 <= speeds.min() < 0.91 < 1.09 < speeds.max() <= 1.1
    gains = np.array([c.equaliser.gains_db for c in chains])
    assert -6 <= gains.min() < -5.9 < 5.9 < gains.max() <= 6
    widths = np.log2([c.band.high / c.band.low for c in chains])
    assert 0.2 <= widths.min() < 0.25 < 0.95 < widths.max() <= 1.0001
    assert {c(noise(1, 100), RATE).shape for c in chains[:20]} == {(1, 50)}


def test_shares_of_mixtures():
    config = vary.Config(p_mixup=0.5, mixup=1.0)
    shares = [vary.draw_share(np.random.default_rng(i), config) for i in range(500)]
    drawn = [s for s in shares if s is not None]
    assert len(drawn) / 500 == pytest.approx(0.5, abs=0.07)
    assert min(drawn) >= 0.5
    assert np.mean(drawn) == pytest.approx(0.75, abs=0.03)  # Beta(1, 1) is even


@pytest.mark.parametrize("wrong", [
    {"p_flip": 1.5}, {"crop": (0.0, 0.5)}, {"mask": (0.5, 0.1)}, {"speed": (-1.0, 1.0)},
    {"octaves": 0.0}, {"warp": 0.4}, {"n_samples": 0}, {"swell_knots": 1}, {"mixup": 0.0},
])  # fmt: skip
def test_wrong_numbers_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        vary.Config(**wrong)
