"""What training makes small, floor 2: functions of logits and targets, mean over all cells."""

from ondes.losses.maps import bce, focal

__all__ = ["bce", "focal"]
