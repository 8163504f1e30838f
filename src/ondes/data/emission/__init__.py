"""Acoustic emission, simulated: waves in a plate, the bursts they carry, what sounds beside them.

`lamb` is the plate, `burst` the source, the way and the sensor, `background` noise, hum, friction
and spikes, `scenes` clips of all this with their exact event lists, `stream` a long recording.
"""
