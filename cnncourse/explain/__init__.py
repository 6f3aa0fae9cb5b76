"""What a network looked at, and how good such an explanation is.

Explanations have one signature, `method(model, images, labels, …)` → maps (N, H, W), and leave the model as it was:

gradients.py        `saliency`, `smoothgrad`, `integrated_gradients`; `gradients` keeps sign and channels
relus.py            `guided_backpropagation`, `deconvnet`: saliency with another backward rule for ReLU
occlusion.py        `occlusion`: cover a square, watch the logit
activation_maps.py  `cam`, `grad_cam`
maximisation.py     `activation_maximisation`: the image that a class or a channel likes; gives images, not maps
formulas.py         what of these needs no module, in NumPy
"""

from . import formulas
from .activation_maps import cam, grad_cam
from .gradients import completeness_gap, gradients, integrated_gradients, saliency, smoothgrad
from .maximisation import activation_maximisation
from .occlusion import occlusion
from .relus import deconvnet, deconvnet_gradients, guided_backpropagation, guided_gradients
from .undisturbed import undisturbed

__all__ = [
    "activation_maximisation",
    "cam",
    "completeness_gap",
    "deconvnet",
    "deconvnet_gradients",
    "formulas",
    "grad_cam",
    "gradients",
    "guided_backpropagation",
    "guided_gradients",
    "integrated_gradients",
    "occlusion",
    "saliency",
    "smoothgrad",
    "undisturbed",
]
