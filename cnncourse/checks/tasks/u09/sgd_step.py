"""One step of gradient descent with momentum and weight decay."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="The step", names=("the parameters", "the velocity"))
SHAPES = [(4, 3, 3, 2), (4,), (5, 4)]


@task.right
def sgd_step(params, grads, velocity, lr, momentum, weight_decay):
    """PyTorch's rule, on lists of arrays."""
    new_params, new_velocity = [], []
    for p, g, v in zip(params, grads, velocity, strict=True):
        v = momentum * v + (g + weight_decay * p)
        new_velocity.append(v)
        new_params.append(p - lr * v)
    return new_params, new_velocity


def drawn(rng, shapes=SHAPES, still=False):
    """Parameters, gradients, velocities; the last are zero where the step is the first one."""
    params, grads, velocity = ([normal(rng, *shape) for shape in shapes] for _ in range(3))
    return params, grads, [0 * v for v in velocity] if still else velocity


@task.criterion(1)
def plain_step(rng):
    """Neither momentum nor weight decay."""
    yield Call(*drawn(rng), 0.1, 0.0, 0.0)
    yield Call(*drawn(rng, [(3, 2)], still=True), 0.5, 0.0, 0.0)


@task.criterion(1, "momentum")
def with_momentum(rng):
    """Momentum, from rest and moving."""
    yield Call(*drawn(rng), 0.1, 0.9, 0.0)
    yield Call(*drawn(rng, still=True), 0.2, 0.7, 0.0)
    yield Call(*drawn(rng, [(2, 3), (1,)]), 0.05, 1.0, 0.0)


@task.criterion(1, "weight decay")
def with_decay(rng):
    """Weight decay, of all parameters."""
    yield Call(*drawn(rng), 0.1, 0.0, 0.3)
    yield Call(*drawn(rng, still=True), 0.3, 0.0, 0.05)


@task.criterion(1)
def both(rng):
    """Momentum and weight decay together."""
    yield Call(*drawn(rng), 0.1, 0.9, 0.01)
    yield Call(*drawn(rng, [(6,)], still=True), lr=0.02, momentum=0.6, weight_decay=0.5)


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng), 0.1, 0.8, 0.1)
    yield Call(*drawn(rng, [(1,), (2, 2)]), 0.1, 0.5, 0.2)


task.options(sgd_step, {
    "learning-rate-ignored": ({"lr": 1.0}, "The learning rate is not used: p − lr·v."),
    "momentum-ignored": ({"momentum": 0.0}, "The old velocity is forgotten: v = momentum·v + g."),
    "momentum-always-one": ({"momentum": 1.0},
        "The old velocity is added in full. Only the share momentum of it stays: momentum·v + g."),
    "weight-decay-ignored": ({"weight_decay": 0.0},
        "The argument weight_decay is not used: g += weight_decay·p comes first."),
})  # fmt: skip


@task.mistake
def decay_doubled(again, weight_decay):
    """The decay is 2·weight_decay·p, the gradient of weight_decay·‖p‖². The rule has no factor 2."""
    return again(weight_decay=2 * weight_decay)


def rule(
    params, grads, velocity, lr, momentum, weight_decay, new=lambda p, g, v, lr, m, wd: m * v + g + wd * p,
    step=lambda p, g, v, new, lr, m, wd: p - lr * new,
):  # fmt: skip
    """Right with the options as they are: the new velocity, and the step."""
    new_params, new_velocity = [], []
    for p, g, v in zip(params, grads, velocity, strict=True):
        moved = new(p, g, v, lr, momentum, weight_decay)
        new_params.append(step(p, g, v, moved, lr, momentum, weight_decay))
        new_velocity.append(moved)
    return new_params, new_velocity


def without_decay(p, g, v, lr, m, wd):
    """The velocity as if there were no weight decay."""
    return m * v + g


task.options(rule, {
    "goes-uphill": ({"step": lambda p, g, v, new, lr, m, wd: p + lr * new},
        "The step is added. The gradient points uphill: p − lr·v."),
    "damps-the-gradient": ({"new": lambda p, g, v, lr, m, wd: m * v + (1 - m) * (g + wd * p)},
        "The gradient is multiplied by (1 − momentum), as in a running mean. PyTorch's rule adds it in full."),
    "momentum-swapped": ({"new": lambda p, g, v, lr, m, wd: (1 - m) * v + m * (g + wd * p)},
        "momentum weighs the gradient and 1 − momentum the old velocity. It is momentum·v + g."),
    "momentum-on-the-gradient": ({"new": lambda p, g, v, lr, m, wd: v + m * (g + wd * p)},
        "momentum multiplies the gradient. It multiplies the old velocity: momentum·v + g."),
    "learning-rate-in-the-velocity": ({"new": lambda p, g, v, lr, m, wd: m * v + lr * (g + wd * p),
                                       "step": lambda p, g, v, new, lr, m, wd: p - new},
        "The learning rate enters the velocity: v = momentum·v + lr·g, p −= v. In PyTorch's rule it multiplies the "
        "velocity when stepping, so that a new rate acts at once."),
    "velocity-points-downhill": ({"new": lambda p, g, v, lr, m, wd: m * v - lr * (g + wd * p),
                                  "step": lambda p, g, v, new, lr, m, wd: p + new},
        "v = momentum·v − lr·g, p += v is another convention. Here v = momentum·v + g, p −= lr·v."),
    "velocity-subtracts-gradient": ({"new": lambda p, g, v, lr, m, wd: m * v - (g + wd * p),
                                     "step": lambda p, g, v, new, lr, m, wd: p + lr * new},
        "The gradient is subtracted in the velocity, and the step added. Here v = momentum·v + g, p −= lr·v."),
    "learning-rate-twice": ({"new": lambda p, g, v, lr, m, wd: m * v + lr * (g + wd * p)},
        "The learning rate enters twice: in the velocity and in the step. Only the step has it."),
    "nesterov": ({"step": lambda p, g, v, new, lr, m, wd: p - lr * (g + wd * p + m * new)},
        "The step looks ahead: g + momentum·v. That is Nesterov's variant; here the step is lr·v."),
    "old-velocity-steps": ({"step": lambda p, g, v, new, lr, m, wd: p - lr * v},
        "The step goes along the *old* velocity. First v = momentum·v + g, then the step."),
    "gradient-steps": ({"step": lambda p, g, v, new, lr, m, wd: p - lr * (g + wd * p)},
        "The velocity is computed, and then the step goes only along the gradient: p − lr·v."),
    "decay-not-in-the-velocity": ({"new": without_decay,
                                   "step": lambda p, g, v, new, lr, m, wd: p - lr * new - lr * wd * p},
        "The weight decay acts on the parameters, past the velocity (as in AdamW). In this rule it is added to the "
        "gradient first: g += weight_decay·p."),
    "decay-without-learning-rate": ({"new": without_decay,
                                     "step": lambda p, g, v, new, lr, m, wd: (1 - wd) * p - lr * new},
        "The parameters shrink by weight_decay itself. In this rule weight_decay·p is added to the gradient, so that "
        "momentum and learning rate act on it."),
    "decay-after-the-step": ({"new": without_decay,
                              "step": lambda p, g, v, new, lr, m, wd: (p - lr * new) * (1 - lr * wd)},
        "The parameters shrink after the step. In this rule weight_decay·p is added to the gradient before all else."),
    "decay-grows": ({"new": lambda p, g, v, lr, m, wd: m * v + g - wd * p},
        "weight_decay·p is subtracted from the gradient, and the weights grow. It is added."),
    "decay-of-signs": ({"new": lambda p, g, v, lr, m, wd: m * v + g + wd * np.sign(p)},
        "The sign of p is added (that is the gradient of |p|). Weight decay adds weight_decay·p."),
    "decay-of-the-gradient": ({"new": lambda p, g, v, lr, m, wd: m * v + (1 + wd) * g},
        "The decay multiplies the gradient. It is of the *parameter*: g + weight_decay·p."),
    "decay-of-the-velocity": ({"new": lambda p, g, v, lr, m, wd: m * v + g + wd * v},
        "The decay multiplies the velocity. It is of the *parameter*: g + weight_decay·p."),
    "decay-under-momentum": ({"new": lambda p, g, v, lr, m, wd: m * (v + wd * p) + g},
        "The decay is multiplied by momentum. It belongs to the gradient: momentum·v + (g + weight_decay·p)."),
    "biases-not-decayed": ({"new": lambda p, g, v, lr, m, wd: m * v + g + (wd * p if p.ndim > 1 else 0)},
        "Parameters with one axis are not decayed. Leaving biases out is often done, but this rule treats all alike."),
})  # fmt: skip


@task.mistake
def results_swapped(right):
    """The velocity is returned before the parameters."""
    return right[::-1]


@task.mistake
def old_velocity_returned(right, velocity):
    """The old velocity is returned: the momentum would never build up."""
    return right[0], [v.copy() for v in velocity]


@task.mistake
def old_parameters_returned(right, params):
    """The parameters come back as they were."""
    return [p.copy() for p in params], right[1]


@task.mistake
def parameters_only(right):
    """Only the parameters are returned. The next step needs the velocity: return both lists."""
    return right[0]


@task.mistake
def first_parameter_only(right, params, velocity):
    """Only the first parameter moves. Go through all of them."""
    return [right[0][0], *(p.copy() for p in params[1:])], [right[1][0], *(v.copy() for v in velocity[1:])]


@task.mistake
def last_parameter_only(right):
    """Only the last parameter comes back: collect the new arrays in lists, and return after the loop."""
    return tuple(part[-1:] for part in right)


@task.mistake
def one_velocity_for_all(again, params, velocity):
    """All parameters use the first one's velocity. Each has its own."""
    if any(p.shape != velocity[0].shape for p in params):
        raise ValueError("operands could not be broadcast together")
    return again(velocity=[velocity[0]] * len(params))


@task.mistake
def changes_input(right, params, velocity):
    """The values are right, but the caller's arrays are changed (`p -= …` writes into them). Make new ones: `p = p -
    …`."""
    for old, new in zip([*params, *velocity], [*right[0], *right[1]], strict=True):
        old[...] = new
    return params, velocity
