"""Ultra-wideband radar, simulated: people who move in rooms, seen at once by two sensors.

`people` are bodies and how they move, `actions` what they do, `rooms` what else is there, `radar`
a sensor and its frames, `scenes` recordings of all this by number, `maps` what is made of frames.
"""
