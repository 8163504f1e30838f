"""The public battery: what every model, data set and task must pass, also your own.

Each check raises AssertionError and says what is wrong.
"""

from ondes.testing.datasets import check_dataset
from ondes.testing.models import check_model
from ondes.testing.tasks import check_task

__all__ = ["check_dataset", "check_model", "check_task"]
