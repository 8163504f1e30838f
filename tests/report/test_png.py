import io

import numpy as np
import pytest
from PIL import Image

from ondes.errors import InputError
from ondes.report import png


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (280, 700)])
def test_another_reader_sees_the_same_pixels(shape):
    pixels = np.random.default_rng(0).integers(0, 64, shape, dtype=np.uint8)
    palette = png.magma(64)
    image = Image.open(io.BytesIO(png.encode(pixels, palette)))
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), palette[pixels])


def test_a_pixel_without_a_colour_is_refused():
    with pytest.raises(InputError, match="index 9 with 4 colours"):
        png.encode(np.array([[9]], np.uint8), png.magma(4))


def test_the_palette_gets_steadily_lighter():
    luminance = png.magma(64) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()


def test_the_palette_is_near_the_published_one():
    colormaps = pytest.importorskip("matplotlib").colormaps
    published = np.array(colormaps["magma"](np.linspace(0, 1, 64)))[:, :3] * 255
    assert np.abs(png.magma(64) - published).max() < 8
