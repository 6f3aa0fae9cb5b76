"""Transfer: take what one network has learnt for another task.

freezing.py   `freeze`: no gradients and no new statistics; `unfreeze`
descending.py `descend_groups`: a training loop with a learning rate for each group
heads.py      `replace_head`, `parameter_groups`: a new last layer, and slower learning for old layers
features.py   `features`: computed once and kept on disk
probes.py     `linear_probe`, `nearest_neighbours`, `few_per_class`: classifiers on features, in NumPy
"""

from .descending import descend_groups
from .features import features
from .freezing import freeze, unfreeze
from .heads import last_linear, parameter_groups, replace_head
from .probes import few_per_class, linear_probe, nearest_neighbours

__all__ = [
    "descend_groups",
    "features",
    "few_per_class",
    "freeze",
    "last_linear",
    "linear_probe",
    "nearest_neighbours",
    "parameter_groups",
    "replace_head",
    "unfreeze",
]
