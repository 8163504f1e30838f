"""Varied clips: what an index holds, in which order clips come, and that labels stay true."""

from collections import Counter

import numpy as np
import pytest
from pydantic import TypeAdapter
from torch.utils.data import DataLoader

from ondes.data.varied import LENGTH, Varied
from ondes.errors import InputError
from ondes.ops import vary
from ondes.protocols import Clip
from ondes.testing import check_dataset

EVERY = vary.Config(
    p_flip=0.5, p_crop=0.5, p_equalise=0.5, p_band=0.5, p_speed=0.5, p_noise=0.5, p_stretch=0.5,
    p_warp=0.5, p_swell=0.5, p_shift=0.5, p_mask=0.5, p_mixup=0.5,
)  # fmt: skip


class Few:
    """Clips of unequal length that hold their own number; `y` as given."""

    rate_hz, n_channels = 100.0, 2

    def __init__(self, y):
        self.y = np.asarray(y, np.float32)
        self.labels = tuple("abcdef"[: self.y.shape[1]])

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return Clip(np.full((2, 20 + index), index + 1, np.float32), self.y[index])


@pytest.fixture
def few():
    return Few(np.eye(3)[[0, 0, 0, 0, 0, 1, 1, 2]])


def same(a, b):
    return np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y)


def test_describes_itself_like_its_clips(few):
    varied = Varied(few, vary.Config(), seed=0)
    assert (varied.rate_hz, varied.labels, varied.n_channels) == (100.0, ("a", "b", "c"), 2)
    assert len(varied) == LENGTH == 10**9
    for index in (-1, LENGTH):
        with pytest.raises(IndexError):
            varied[index]
    with pytest.raises(InputError, match="no clip"):
        Varied(Few(np.zeros((0, 2))), vary.Config(), seed=0)


def test_every_pass_visits_every_clip_once_in_another_order(few):
    varied = Varied(few, vary.Config(), seed=0)
    passes = [[varied[i].x[0, 0] for i in range(8 * k, 8 * k + 8)] for k in range(3)]
    assert all(sorted(p) == list(range(1, 9)) for p in passes)
    assert passes[0] != passes[1] != passes[2]
    assert [varied.place(i) for i in range(8)] != [
        Varied(few, vary.Config(), seed=1).place(i) for i in range(8)
    ]


class Endless(Few):
    """As many clips as one asks for; it knows what is true of one without its samples."""

    def __len__(self):
        return LENGTH

    def __getitem__(self, index):
        return Clip(np.full((2, 20), index, np.float32), self.y_of(index))

    def y_of(self, index):
        return self.y[index % len(self.y)]


def test_clips_without_end_come_in_their_own_order():
    mixtures = Endless(np.eye(3))
    varied = Varied(mixtures, vary.Config(p_flip=1.0), seed=0)
    for index in (0, 7, LENGTH - 1):
        assert (varied[index].x == -np.float32(index)).all()
        assert np.array_equal(varied.y_of(index), mixtures.y_of(index))
    partners = Varied(mixtures, vary.Config(p_mixup=1.0), seed=0)
    assert (partners[3].y > 0).sum() in (1, 2)
    with pytest.raises(InputError, match="no counts to balance; leave balance out"):
        Varied(mixtures, vary.Config(), seed=0, balance=True)


def test_an_index_is_a_clip_whatever_was_asked_before(few):
    ones = Varied(few, EVERY, seed=4)
    others = Varied(few, EVERY, seed=4)
    far = [0, 5, 123_456_789]
    first = [ones[i] for i in far]
    np.random.seed(0)  # noqa: NPY002
    assert all(same(a, others[i]) for a, i in zip(reversed(first), reversed(far), strict=True))
    assert not same(ones[0], Varied(few, EVERY, seed=5)[0])
    loader = DataLoader(ones, sampler=far, batch_size=None, num_workers=1, collate_fn=None)
    for a, (x, y) in zip(first, loader, strict=True):
        assert np.array_equal(a.x, x)
        assert np.array_equal(a.y, y)


def test_balance_gives_every_class_its_turn(few):
    varied = Varied(few, vary.Config(), seed=0, balance=True)
    clips = [varied[i] for i in range(30)]
    assert Counter(int(c.y.argmax()) for c in clips) == {0: 10, 1: 10, 2: 10}
    for k in range(10):
        assert sorted(int(c.y.argmax()) for c in clips[3 * k : 3 * k + 3]) == [0, 1, 2]
    assert set(Counter(c.x[0, 0] for c in clips[:15] if c.y[0]).values()) == {1}


def test_balance_of_tags_counts_clips_without_any():
    tags = Few([[1, 1], [0, 1], [0, 1], [0, 0], [0, 0], [0, 0]])
    varied = Varied(tags, vary.Config(), seed=0, balance=True)
    seen = Counter(varied.place(i) for i in range(300))
    assert seen[0] == 100 + 34 or seen[0] == 100 + 33
    assert sum(seen[i] for i in (3, 4, 5)) == 100


def test_labels_stay_and_mixtures_are_soft(few):
    varied = Varied(few, vary.Config(p_mixup=1.0), seed=0)
    for index in range(20):
        x, y = varied[index]
        assert y.sum() == pytest.approx(1)
        assert y.max() >= 0.5
        assert x.shape[1] == 20 + varied.place(index)
    plain = Varied(few, vary.Config(p_shift=1.0), seed=0)
    for index in range(20):
        np.testing.assert_array_equal(plain[index].y, few.y[plain.place(index)])


def test_union_of_tags():
    tags = Few([[1, 0, 0], [0, 1, 0]])
    mixed = Varied(tags, vary.Config(p_mixup=1.0, union=True), seed=0)
    seen = {tuple(mixed[i].y) for i in range(20)}
    assert seen == {(1, 0, 0), (0, 1, 0), (1, 1, 0)}


def test_one_length_where_asked(few):
    varied = Varied(few, vary.Config(n_samples=23), seed=0)
    assert {varied[i].x.shape for i in range(16)} == {(2, 23)}


class Noise(Few):
    """Clips of noise."""

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        return Clip(rng.standard_normal((2, 20 + index)).astype(np.float32), self.y[index])


def test_keeps_what_every_data_set_must(few):
    check_dataset(Varied(Noise(few.y), EVERY, seed=0, balance=True))


def test_a_recipe_can_say_it_all():
    said = {"p_shift": 1, "shift": [0, 0.5], "shift_fill": "edge", "effects": {"p_gain": 1.0}}
    config = TypeAdapter(vary.Config).validate_python(said)
    assert config.shift == (0, 0.5)
    assert config.effects.p_gain == 1
