"""The one training loop: phases, schedules, checkpoints, and a resume that repeats every bit.

``ondes.train.loop.fit`` trains any task; ``TrainConfig`` says how. Importing this room costs no
torch, so that recipes can be read and listed at once.
"""

from ondes.train.config import TrainConfig

__all__ = ["TrainConfig"]
