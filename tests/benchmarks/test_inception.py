"""The benchmark of InceptionTime measures what it says; tsai itself need not be there."""

import numpy as np
import pytest
import torch

from benchmarks import _steps, inception
from benchmarks._steps import Job


@pytest.mark.parametrize("train", [True, False])
def test_seconds_are_of_a_step_or_an_answer(train):
    timed = _steps.once(inception.network, Job((2, 1, 20), False, train))
    assert timed() > 0


def test_a_step_learns_and_an_answer_does_not():
    x, y = torch.randn(4, 1, 20), torch.arange(4) % 2
    net = inception.network(1, 2)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    _steps.answerer(net.eval(), x, half=False)()
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    _steps.learner(net.train(), x, y, half=False)()
    assert not any(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_accuracy_is_that_on_the_test_part(tmp_path):
    random = np.random.default_rng(0)
    y = np.arange(16) % 2
    loud = (1 + 9 * y[:, None, None]).astype(np.float32)
    x = loud * random.standard_normal((16, 1, 24)).astype(np.float32)
    file = tmp_path / "set.npz"
    np.savez(file, x=x, y=y, x_test=x, y_test=y)
    right = _steps.accuracy(inception.network, str(file), epochs=15, seed=0, half=False)
    np.savez(file, x=x, y=y, x_test=x, y_test=1 - y)
    wrong = _steps.accuracy(inception.network, str(file), epochs=15, seed=0, half=False)
    assert right > 0.9
    assert right + wrong == 1


def test_a_line_compares_seconds_with_the_rivals():
    asked = []

    def ask(*request):
        asked.append(request)
        return 7.0

    row = inception.speed_row(ask, (2, 1, 20), train=False, rounds=1)
    assert row[:3] == ["2x1x20", str(torch.get_num_threads()), "inference"]
    assert len(row) == len(inception.HEAD)
    assert asked[:2] == [("once", (2, 1, 20), half, False) for half in (False, True)]
    assert float(row[3]) == pytest.approx(2 / 7, abs=0.1)


def test_sets_are_standardised_clip_by_clip(shared_data, monkeypatch):
    monkeypatch.setenv("ONDES_DATA", str(shared_data))
    found = inception.arrays("BasicMotions")
    assert found["x"].shape == found["x_test"].shape == (40, 6, 100)
    np.testing.assert_allclose(found["x"].mean(-1), 0, atol=1e-5)
    np.testing.assert_allclose(found["x"].std(-1), 1, atol=1e-5)
    assert sorted(set(found["y_test"])) == [0, 1, 2, 3]
