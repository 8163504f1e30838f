"""Backbones are the papers': as many parameters in 2D, on three channels and a thousand classes."""

import pytest
import torch

from ondes import models
from ondes.nn.heads import Head, mean_head

PLAIN = {"norm": False}
COUNTS = [  # LeCun et al. 1998, section II.B; the others by torchvision's table of weights
    ("lenet", {}, 1, 10, 61_706),
    ("alexnet", PLAIN, 3, 1000, 61_100_840),
    ("vgg", {**PLAIN, "layers": 11}, 3, 1000, 132_863_336),
    ("vgg", {**PLAIN, "layers": 13}, 3, 1000, 133_047_848),
    ("vgg", {**PLAIN, "layers": 16}, 3, 1000, 138_357_544),
    ("vgg", {**PLAIN, "layers": 19}, 3, 1000, 143_667_240),
    ("resnet", {"layers": 18}, 3, 1000, 11_689_512),
    ("resnet", {"layers": 34}, 3, 1000, 21_797_672),
    ("resnet", {"layers": 50}, 3, 1000, 25_557_032),
    ("resnet", {"layers": 101}, 3, 1000, 44_549_160),
    ("resnet", {"layers": 152}, 3, 1000, 60_192_808),
    ("resnext", {}, 3, 1000, 25_028_904),
    ("resnext", {"layers": 101, "path_width": 8}, 3, 1000, 88_791_336),
    ("resnext", {"layers": 101, "paths": 64}, 3, 1000, 83_455_272),
]


@pytest.mark.parametrize(("name", "options", "channels", "outputs", "count"), COUNTS)
def test_parameters_are_as_many_as_published(name, options, channels, outputs, count):
    module = models._find(name)
    config = module.Config(dims=2, **options)
    with torch.device("meta"):
        encoder = module.encoder(config, channels=channels)
        if hasattr(module, "head"):
            head = module.head(config, encoder=encoder, outputs=outputs)
        else:
            head = Head(mean_head(encoder.outputs, outputs, dropout=0))
    found = sum(p.numel() for part in (encoder, head) for p in part.parameters())
    assert found == count
