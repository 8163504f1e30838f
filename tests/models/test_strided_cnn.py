"""The strided CNN: its receptive field and its refusals; the batteries try it by its name."""

import pytest

from ondes import models
from ondes.errors import RecipeError
from ondes.models.strided_cnn import Config, encoder
from ondes.testing import clipmodels


def test_eight_layers_see_4073_samples_every_512():
    config = Config()
    assert sum(config.widths) == 1920
    field = encoder(config, channels=1).field
    assert (field.hop, field.back + field.ahead + field.hop) == (512, 4073)


@pytest.mark.parametrize(
    "check",
    [
        clipmodels.check_shape,
        clipmodels.check_padding,
        clipmodels.check_gradients,
        clipmodels.check_padding_in_training,
        clipmodels.check_saved,
        clipmodels.check_errors,
    ],
)
def test_it_passes_the_battery(check):
    options = {"widths": [4, 8], "strides": [4, 2]}
    net = models.build(
        "strided_cnn", options, rate_hz=1000, channels=2, classes=("a", "b"), level="clip"
    )
    check(net.eval())


@pytest.mark.parametrize("options", [{"widths": (4,), "strides": (2, 2)}, {"kernel": 0}])
def test_impossible_options(options):
    with pytest.raises(RecipeError, match="give"):
        Config(**options)
