"""Building blocks of networks, floor 2: functions with thin module twins.

``field`` counts receptive fields exactly, ``checks`` refuses what a network cannot take, and
``export`` writes ONNX; the other files hold layers.
"""
