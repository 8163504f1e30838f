"""Which events, and when: frame maps learnt by cross-entropy, read as event lists.

``Task`` trains a network, `decode` turns its probabilities into events, `fit_decoder` fits the
rules for that on validation data, `evaluate` scores.
"""

from ondes.tasks.detect.decode import Scan, decode
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.fit import fit_decoder

__all__ = ["Decoder", "Scan", "decode", "fit_decoder"]
