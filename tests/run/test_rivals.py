"""Classical rivals where a network could stand."""

import numpy as np
import pytest
import soundfile

import ondes
from ondes.data.clips import Clips, multi_hot, numbers, one_hot
from ondes.errors import ArtefactError, InputError
from ondes.run import rivals
from ondes.run.classifier import Classifier

RATE_HZ = 1000
OPTIONS = {"random-forest": {"trees": 5}, "minirocket": {"features": 84}, "nn-dtw": {"window": 0.1}}
KINDS = {
    "class": (one_hot(["a", "b"] * 6, ["a", "b"]), ("a", "b")),
    "tags": (multi_hot([["a"], ["b"], ["a", "b"], []] * 3, ["a", "b"]), ("a", "b")),
    "number": (numbers(np.arange(12) % 2), ("value",)),
}


def arrays():
    rng = np.random.default_rng(0)
    waves = [np.sin(np.arange(60 + 7 * k) * (0.2 + 0.5 * (k % 2))) for k in range(12)]
    return [(wave + 0.1 * rng.normal(size=len(wave))).astype(np.float32) for wave in waves]


@pytest.fixture(params=[(family, kind) for family in OPTIONS for kind in KINDS], ids="-".join)
def fitted(request):
    family, kind = request.param
    y, labels = KINDS[kind]
    clips = Clips(arrays(), y, labels=labels, rate_hz=RATE_HZ)
    return rivals.fit(family, clips, target=kind, options=OPTIONS[family], data="sines")


def test_saved_and_loaded_it_answers_to_the_bit(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    loaded = ondes.load(tmp_path / "m")
    assert isinstance(loaded, Classifier)
    assert (loaded.spec, loaded.reading) == (fitted.spec, fitted.reading)
    assert loaded.card.data == "sines"
    found = [model.predict(arrays(), rate_hz=RATE_HZ) for model in (fitted, loaded)]
    assert np.array_equal(*found)
    loaded.save(tmp_path / "again")
    files = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("m", "again")]
    assert files[0] == files[1]


def test_array_file_and_blocks_give_the_same(fitted, tmp_path):
    x = arrays()[5]
    soundfile.write(tmp_path / "x.wav", x, RATE_HZ, subtype="FLOAT")
    expected = fitted.classify(x, rate_hz=RATE_HZ)
    assert fitted.classify(tmp_path / "x.wav") == expected
    blocks = iter(np.array_split(x[None], 4, axis=1))
    assert fitted.classify(blocks, rate_hz=RATE_HZ) == expected


def test_a_flipped_bit_is_caught(fitted, tmp_path):
    fitted.save(tmp_path)
    content = bytearray((tmp_path / "weights.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(ArtefactError, match="damaged"):
        ondes.load(tmp_path)


def test_it_runs_on_the_processor_alone(tmp_path):
    y, labels = KINDS["class"]
    clips = Clips(arrays(), y, labels=labels, rate_hz=RATE_HZ)
    rival = rivals.fit("random-forest", clips, options={"trees": 2})
    rival.save(tmp_path)
    with pytest.raises(InputError, match="processor alone"):
        ondes.load(tmp_path, device="cuda")
    with pytest.raises(InputError, match="no network of torch"):
        rival.export(tmp_path / "x.onnx")


def test_an_unknown_family_names_the_nearest():
    y, labels = KINDS["class"]
    with pytest.raises(InputError, match="did you mean 'minirocket'"):
        rivals.fit("minirockte", Clips(arrays(), y, labels=labels, rate_hz=RATE_HZ))
