"""Which kernel convolves: probed once, kept, read back, fixed - and one within one stream."""

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch

from ondes.errors import InputError
from ondes.ops.convolution import choice, probe, store
from ondes.ops.convolution.job import Job
from ondes.ops.convolution.kernels import Banded, Direct, Fft
from ondes.ops.convolution.products import matrix_units
from ondes.ops.convolve import convolve, fixed
from ondes.run.engine import Engine, Window
from ondes.spec import Spec

WEIGHT = torch.randn(4, 1, 33, generator=torch.Generator().manual_seed(0))
X = torch.randn(1, 1, 4000, generator=torch.Generator().manual_seed(1))


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Lend an empty cache folder and let nothing be fixed."""
    monkeypatch.delenv(choice.VARIABLE)
    monkeypatch.setattr(store, "path", lambda: tmp_path / "ondes" / "convolution.json")
    choice._probed.cache_clear()
    yield store.path()
    choice._probed.cache_clear()


def job(x: torch.Tensor = X, weight: torch.Tensor = WEIGHT, *, pool: int = 0) -> Job:
    return Job.of(x, [weight], pool=pool, rounded=False)


def no_probe(*_: object) -> None:
    raise AssertionError("nothing was to be probed")


def test_a_probe_decides_once_and_its_choice_is_kept(cache, monkeypatch):
    expected = torch.nn.functional.conv1d(X, WEIGHT, padding=16)
    torch.testing.assert_close(convolve(X, WEIGHT), expected, rtol=1e-5, atol=1e-4)
    kept = json.loads(cache.read_text())
    able = {kernel.name for kernel in choice.candidates(job())}
    assert kept[store.machine()][job().key] in able
    assert [file.name for file in cache.parent.iterdir()] == [cache.name]
    monkeypatch.setattr(probe, "fastest", no_probe)
    convolve(X, WEIGHT)


def test_a_later_process_takes_what_was_kept(cache, monkeypatch):
    store.keep(store.machine(), job().key, "banded-8")
    monkeypatch.setattr(probe, "fastest", no_probe)
    assert choice.chosen(job()) == Banded(8)


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"machine": 5}', '{"machine": {"job": 5}}', "\0\xff", "kernel"],
)
def test_a_damaged_cache_is_ignored_and_written_anew(cache, monkeypatch, damage):
    cache.parent.mkdir()
    unknown = json.dumps({store.machine(): {job().key: "quickest"}})
    cache.write_text(unknown if damage == "kernel" else damage)
    monkeypatch.setattr(probe, "fastest", lambda job, kernels: Fft(256))
    assert choice.chosen(job()) == Fft(256)
    assert json.loads(cache.read_text())[store.machine()] == {job().key: "fft-256"}


def test_other_machines_choices_stay(cache):
    store.keep("another", "job", "fft-64")
    store.keep(store.machine(), "job", "direct")
    store.keep(store.machine(), "other job", "blocked-4096")
    assert store.load("another") == {"job": "fft-64"}
    assert store.load(store.machine()) == {"job": "direct", "other job": "blocked-4096"}
    assert store.load("a third") == {}


def test_a_folder_that_cannot_be_written_is_no_error(cache, monkeypatch):
    cache.parent.write_text("a file where the folder would be")
    monkeypatch.setattr(probe, "fastest", lambda job, kernels: Direct(4096))
    assert choice.chosen(job()) == Direct(4096)


def test_processor_torch_and_threads_tell_machines_apart(monkeypatch):
    before = store.machine()
    assert torch.__version__ in before
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    assert "7 threads" in store.machine() != before


def test_neither_the_batch_nor_the_exact_length_is_part_of_a_job():
    assert job() == job(X.expand(5, -1, -1)) == job(X[..., :3000])
    others = [job(X[..., :1500]), job(weight=WEIGHT[..., 1:]), job(weight=WEIGHT[1:]), job(pool=4)]
    assert len({job().key, *(other.key for other in others)}) == 5


def test_gradients_are_part_of_a_job():
    weight = WEIGHT.clone().requires_grad_()
    assert job(weight=weight).slopes == "w"
    assert job(X.clone().requires_grad_(), weight).slopes == "xw"
    with torch.no_grad():
        assert job(weight=weight) == job()


def test_all_pieces_of_one_stream_are_computed_by_one_kernel(monkeypatch):
    moody = cycle([Fft(128), Banded(8), Direct(), Banded(16), Fft(256)])
    monkeypatch.setattr(probe, "fastest", lambda job, kernels: next(moody))
    spec = Spec(8000, 1, ("a", "b", "c", "d"), hop=1, look_back=16, look_ahead=16)
    engine = Engine(_convolved, spec, Window.of(spec, frames=1500))
    samples = np.random.default_rng(0).standard_normal((3, 9000)).astype(np.float32)
    answers = [_streamed(engine, samples, size) for size in (1499, 9000, 64)]
    assert all(np.array_equal(answers[0], other) for other in answers)


def _convolved(x: np.ndarray) -> np.ndarray:
    return convolve(torch.tensor(x), WEIGHT)[:, None].numpy()


def _streamed(engine: Engine, samples: np.ndarray, size: int) -> np.ndarray:
    blocks = (samples[:, i : i + size] for i in range(0, samples.shape[1], size))
    found = engine.run(blocks, rate_hz=8000, n_channels=len(samples))
    return np.concatenate([frames.values for frames in found], -1)


@pytest.mark.parametrize("x", [X.double(), X[..., :500]])
def test_double_precision_and_short_signals_are_not_probed(x, monkeypatch):
    monkeypatch.setattr(probe, "fastest", no_probe)
    assert choice.chosen(job(x, WEIGHT.to(x))) == Direct()


def test_the_variable_fixes_and_the_context_overrules_it(monkeypatch):
    monkeypatch.setattr(probe, "fastest", no_probe)
    monkeypatch.setenv(choice.VARIABLE, "banded-4")
    assert choice.chosen(job()) == Banded(4)
    with fixed("fft"):
        assert choice.chosen(job()) == Fft(256)
        with fixed("direct"):
            assert choice.chosen(job()) == Direct()
    with pytest.raises(ValueError, match="within"), fixed("direct"):
        raise ValueError("within")
    assert choice.chosen(job()) == Banded(4)


@pytest.mark.parametrize("name", ["fft-1", "banded-4"])
def test_what_a_fixed_kernel_cannot_do_is_done_directly(name):
    grouped = torch.randn(4, 1, 33)
    with fixed(name):
        assert choice.chosen(job(torch.randn(1, 4, 4000), grouped)) == Direct()


@pytest.mark.parametrize("name", ["ftt", "direct-4", "fft-", "fft-0", "fft-x", "-8", ""])
def test_an_unknown_kernel_is_refused_with_what_there_is(name):
    with pytest.raises(InputError, match=r"direct, blocked, fft, banded, split, half"), fixed(name):
        pass


def test_a_wrong_variable_is_refused_too(monkeypatch):
    monkeypatch.setenv(choice.VARIABLE, "ftt")
    with pytest.raises(InputError, match="did you mean 'fft'"):
        convolve(X, WEIGHT)


def test_the_plainest_of_equals_wins(monkeypatch):
    kernels = choice.candidates(job())
    taken = {kernel.name: 1.0 for kernel in kernels} | {"direct": 1.2, "blocked-4096": 1.02}
    monkeypatch.setattr(probe, "call", lambda job, kernel: kernel.name.__str__)
    monkeypatch.setattr(probe, "_seconds", lambda work: taken[work()])
    assert probe.fastest(job(), kernels) == Direct(4096)


def test_a_probe_leaves_random_numbers_as_they_were():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    convolve(X, WEIGHT)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.skipif(not matrix_units(), reason="no bfloat16 matrix units here")
def test_bfloat16_alone_is_never_chosen_unless_asked_for():
    asked = Job.of(X, [WEIGHT], rounded=True)
    assert not any(kernel.name.startswith("half") for kernel in choice.candidates(job()))
    assert any(kernel.name.startswith("half") for kernel in choice.candidates(asked))
