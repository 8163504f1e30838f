"""Changes that leave a clip what it is: for classes, tags and numbers learnt of whole clips.

Pure functions of samples float32 [..., channel, time], the same change on all channels, at any
rate; `draw` rolls the dice for a `Config` and returns a `Chain`, a printable record that can be
applied to a clip. All randomness comes from the generator that is given.
"""

from ondes.ops.vary.chain import (
    Band,
    Chain,
    Config,
    Equaliser,
    Part,
    Shift,
    Stretch,
    Turn,
    Window,
    draw,
    draw_share,
)
from ondes.ops.vary.mixing import mixup
from ondes.ops.vary.space import turn
from ondes.ops.vary.spectrum import Noise, Shaping, equalise, hiss, mute, response, speed
from ondes.ops.vary.time import Fill, crop, mask, shift, smooth, stretch, swell, warp, window

__all__ = [
    "Band",
    "Chain",
    "Config",
    "Equaliser",
    "Fill",
    "Noise",
    "Part",
    "Shaping",
    "Shift",
    "Stretch",
    "Turn",
    "Window",
    "crop",
    "draw",
    "draw_share",
    "equalise",
    "hiss",
    "mask",
    "mixup",
    "mute",
    "response",
    "shift",
    "smooth",
    "speed",
    "stretch",
    "swell",
    "turn",
    "warp",
    "window",
]
