"""What a network has learnt: activation maximisation for networks of one-dimensional signals.

`explain` starts every filter of every layer from noise and climbs to what excites it most, all of a
layer in batches, from several seeds; a sweep of pure tones through the same filters says whether
the result can be believed. Sources: Erhan et al. 2009, "Visualizing higher-layer features of a
deep network"; Kim, Lee and Nam 2018 (SampleCNN), whose recipe is the method "samplecnn".
`attribute` tells the other way round which part of a recording carried a label.
"""

from ondes.tasks.explain.attribution import Attribution, attribute
from ondes.tasks.explain.climb import Climbing, Method
from ondes.tasks.explain.engine import Progress, explain
from ondes.tasks.explain.plan import Options, Subject
from ondes.tasks.explain.result import Explained, Explanation, Step

__all__ = [
    "Attribution",
    "Climbing",
    "Explained",
    "Explanation",
    "Method",
    "Options",
    "Progress",
    "Step",
    "Subject",
    "attribute",
    "explain",
]
