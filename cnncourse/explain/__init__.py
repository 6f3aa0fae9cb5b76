"""What a network looked at, and how good such an explanation is.

Explanations have one signature, `method(model, images, labels, …)` → maps (N, H, W), and leave the model as it was:

gradients.py        `saliency`, `smoothgrad`, `integrated_gradients`; `gradients` keeps sign and channels
relus.py            `guided_backpropagation`, `deconvnet`: saliency with another backward rule for ReLU
occlusion.py        `occlusion`: cover a square, watch the logit
activation_maps.py  `cam`, `grad_cam`
maximisation.py     `activation_maximisation`: the image that a class or a channel likes; gives images, not maps
formulas.py         what of these needs no module, in NumPy

How good they are, on scenes whose truth is known:

judge.py            `pointing_game`, `share_inside`
curves.py           `deletion_curve`, `insertion_curve`, `area_under`
randomised.py       `randomise`, `randomisation_curve`: does a map change when the weights become random?
baselines.py        `centre`, `edges`, `noise`: maps that know nothing of the network
comparison.py       `compare(network, scenes)`: all of these in one table
scene_networks.py   three networks trained on scenes, and how their explanations were judged; mosaics
"""

from cnncourse.torch_nn.undisturbed import undisturbed

from . import formulas
from .activation_maps import cam, grad_cam
from .baselines import centre, edges, noise
from .comparison import BASELINES, JUDGEMENTS, METHODS, Comparison, compare
from .curves import area_under, deletion_curve, insertion_curve
from .gradients import completeness_gap, gradients, integrated_gradients, saliency, smoothgrad
from .judge import hits, pointing_game, share_inside
from .maximisation import activation_maximisation
from .occlusion import occlusion
from .randomised import layers_with_weights, randomisation_curve, randomise, similarity
from .relus import deconvnet, deconvnet_gradients, guided_backpropagation, guided_gradients

__all__ = [
    "BASELINES",
    "JUDGEMENTS",
    "METHODS",
    "Comparison",
    "activation_maximisation",
    "area_under",
    "cam",
    "centre",
    "compare",
    "completeness_gap",
    "deconvnet",
    "deconvnet_gradients",
    "deletion_curve",
    "edges",
    "formulas",
    "grad_cam",
    "gradients",
    "guided_backpropagation",
    "guided_gradients",
    "hits",
    "insertion_curve",
    "integrated_gradients",
    "layers_with_weights",
    "noise",
    "occlusion",
    "pointing_game",
    "randomisation_curve",
    "randomise",
    "saliency",
    "share_inside",
    "similarity",
    "smoothgrad",
    "undisturbed",
]
