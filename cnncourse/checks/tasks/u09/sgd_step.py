"""Task 09.sgd_step: one step of gradient descent with momentum and weight decay."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import changing


def sgd_step(params, grads, velocity, lr, momentum, weight_decay):
    """PyTorch's rule, on lists of arrays."""
    new_params, new_velocity = [], []
    for p, g, v in zip(params, grads, velocity, strict=True):
        v = momentum * v + (g + weight_decay * p)
        new_velocity.append(v)
        new_params.append(p - lr * v)
    return new_params, new_velocity


SHAPES = [(4, 3, 3, 2), (4,), (5, 4)]


def _drawn(rng, shapes=SHAPES, dtype=np.float64, still=False):
    """Parameters, gradients, velocities; the last are zero where the step is the first one."""
    params, grads, velocity = ([normal(rng, *shape).astype(dtype) for shape in shapes] for _ in range(3))
    return [params, grads, [0 * v for v in velocity] if still else velocity]


def cases(rng):
    """Each option alone, together, from rest and moving; other lists and arrays."""
    yield Case("plain step", *_drawn(rng), 0.1, 0.0, 0.0)
    yield Case("plain step", *_drawn(rng, [(3, 2)], still=True), 0.5, 0.0, 0.0)
    yield Case("momentum", *_drawn(rng), 0.1, 0.9, 0.0)
    yield Case("momentum", *_drawn(rng, still=True), 0.2, 0.7, 0.0)
    yield Case("momentum", *_drawn(rng, [(2, 3), (1,)]), 0.05, 1.0, 0.0)
    yield Case("weight decay", *_drawn(rng), 0.1, 0.0, 0.3)
    yield Case("weight decay", *_drawn(rng, still=True), 0.3, 0.0, 0.05)
    yield Case("both", *_drawn(rng), 0.1, 0.9, 0.01)
    yield Case("both", *_drawn(rng, [(6,)], still=True), lr=0.02, momentum=0.6, weight_decay=0.5)
    yield Case("any array", *_drawn(rng, dtype=np.float32), 0.1, 0.9, 0.1)
    yield Case("any array", *([strided(a) for a in arrays] for arrays in _drawn(rng)), 0.1, 0.8, 0.1)
    params, grads, velocity = _drawn(rng, [(3, 4), (2, 3, 5)])
    yield Case("any array", [fortran(a) for a in params], grads, [fortran(a) for a in velocity], 0.1, 0.8, 0.1)
    yield Case("any array", *([readonly(a) for a in arrays] for arrays in _drawn(rng, [(1,), (2, 2)])), 0.1, 0.5, 0.2)


def _each(rule):
    """A wrong answer: rule(p, g, v, lr, m, wd) gives the new parameter and the new velocity."""

    def answer(params, grads, velocity, lr, momentum, weight_decay):
        pairs = [
            rule(p, g, v, lr, momentum, weight_decay) for p, g, v in zip(params, grads, velocity, strict=True)
        ]
        return [p for p, _ in pairs], [v for _, v in pairs]

    return answer


def _by(velocity, step=lambda p, g, v, new, lr, m, wd: p - lr * new):
    """A wrong answer with another rule for the velocity, or another step."""

    def rule(p, g, v, lr, m, wd):
        new = velocity(p, g, v, lr, m, wd)
        return step(p, g, v, new, lr, m, wd), new

    return _each(rule)


def _right(p, g, v, lr, m, wd):
    return m * v + g + wd * p


def _first_only(params, grads, velocity, lr, momentum, weight_decay):
    (p,), (v,) = sgd_step(params[:1], grads[:1], velocity[:1], lr, momentum, weight_decay)
    return [p, *(a.copy() for a in params[1:])], [v, *(a.copy() for a in velocity[1:])]


def _one_velocity(params, grads, velocity, lr, momentum, weight_decay):
    """The velocity of the first parameter moves all: fits only where shapes broadcast."""
    first = [np.broadcast_to(velocity[0], p.shape) if p.shape == velocity[0].shape else None for p in params]
    if any(v is None for v in first):
        raise ValueError("operands could not be broadcast together")
    return sgd_step(params, grads, first, lr, momentum, weight_decay)


def _in_place(params, grads, velocity, lr, momentum, weight_decay):
    new_params, new_velocity = sgd_step(params, grads, velocity, lr, momentum, weight_decay)
    for old, new in zip([*params, *velocity], [*new_params, *new_velocity], strict=True):
        old[...] = new
    return params, velocity


def _no_biases(p, g, v, lr, m, wd):
    v = m * v + g + (wd * p if p.ndim > 1 else 0)
    return p - lr * v, v


task = Task(
    "09.sgd_step",
    {"plain step": 1, "momentum": 1, "weight decay": 1, "both": 1, "any array": 1},
    sgd_step,
    cases,
    [
        Mistake(
            "goes-uphill",
            _by(_right, lambda p, g, v, new, lr, m, wd: p + lr * new),
            "The step is added. The gradient points uphill: p − lr·v.",
        ),
        Mistake(
            "learning-rate-ignored",
            changing(sgd_step, lr=lambda given: 1.0),
            "The learning rate is not used: p − lr·v.",
        ),
        Mistake(
            "momentum-ignored",
            changing(sgd_step, momentum=lambda given: 0.0),
            "The old velocity is forgotten: v = momentum·v + g.",
        ),
        Mistake(
            "momentum-always-one",
            changing(sgd_step, momentum=lambda given: 1.0),
            "The old velocity is added in full. Only the share momentum of it stays: momentum·v + g.",
        ),
        Mistake(
            "weight-decay-ignored",
            changing(sgd_step, weight_decay=lambda given: 0.0),
            "The argument weight_decay is not used: g += weight_decay·p comes first.",
        ),
        Mistake(
            "damps-the-gradient",
            _by(lambda p, g, v, lr, m, wd: m * v + (1 - m) * (g + wd * p)),
            "The gradient is multiplied by (1 − momentum), as in a running mean. PyTorch's rule adds it in full.",
        ),
        Mistake(
            "momentum-swapped",
            _by(lambda p, g, v, lr, m, wd: (1 - m) * v + m * (g + wd * p)),
            "momentum weighs the gradient and 1 − momentum the old velocity. It is momentum·v + g.",
        ),
        Mistake(
            "momentum-on-the-gradient",
            _by(lambda p, g, v, lr, m, wd: v + m * (g + wd * p)),
            "momentum multiplies the gradient. It multiplies the old velocity: momentum·v + g.",
        ),
        Mistake(
            "learning-rate-in-the-velocity",
            _by(
                lambda p, g, v, lr, m, wd: m * v + lr * (g + wd * p),
                lambda p, g, v, new, lr, m, wd: p - new,
            ),
            "The learning rate enters the velocity: v = momentum·v + lr·g, p −= v. In PyTorch's rule it multiplies the "
            "velocity when stepping, so that a new rate acts at once.",
        ),
        Mistake(
            "velocity-points-downhill",
            _by(
                lambda p, g, v, lr, m, wd: m * v - lr * (g + wd * p),
                lambda p, g, v, new, lr, m, wd: p + new,
            ),
            "v = momentum·v − lr·g, p += v is another convention. Here v = momentum·v + g, p −= lr·v.",
        ),
        Mistake(
            "velocity-subtracts-gradient",
            _by(
                lambda p, g, v, lr, m, wd: m * v - (g + wd * p),
                lambda p, g, v, new, lr, m, wd: p + lr * new,
            ),
            "The gradient is subtracted in the velocity, and the step added. Here v = momentum·v + g, p −= lr·v.",
        ),
        Mistake(
            "learning-rate-twice",
            _by(lambda p, g, v, lr, m, wd: m * v + lr * (g + wd * p)),
            "The learning rate enters twice: in the velocity and in the step. Only the step has it.",
        ),
        Mistake(
            "nesterov",
            _by(_right, lambda p, g, v, new, lr, m, wd: p - lr * (g + wd * p + m * new)),
            "The step looks ahead: g + momentum·v. That is Nesterov's variant; here the step is lr·v.",
        ),
        Mistake(
            "old-velocity-steps",
            _by(_right, lambda p, g, v, new, lr, m, wd: p - lr * v),
            "The step goes along the *old* velocity. First v = momentum·v + g, then the step.",
        ),
        Mistake(
            "gradient-steps",
            _by(_right, lambda p, g, v, new, lr, m, wd: p - lr * (g + wd * p)),
            "The velocity is computed, and then the step goes only along the gradient: p − lr·v.",
        ),
        Mistake(
            "decay-not-in-the-velocity",
            _by(
                lambda p, g, v, lr, m, wd: m * v + g,
                lambda p, g, v, new, lr, m, wd: p - lr * new - lr * wd * p,
            ),
            "The weight decay acts on the parameters, past the velocity (as in AdamW). In this rule it is added to the "
            "gradient first: g += weight_decay·p.",
        ),
        Mistake(
            "decay-without-learning-rate",
            _by(
                lambda p, g, v, lr, m, wd: m * v + g,
                lambda p, g, v, new, lr, m, wd: (1 - wd) * p - lr * new,
            ),
            "The parameters shrink by weight_decay itself. In this rule weight_decay·p is added to the gradient, so "
            "that "
            "momentum and learning rate act on it.",
        ),
        Mistake(
            "decay-after-the-step",
            _by(
                lambda p, g, v, lr, m, wd: m * v + g,
                lambda p, g, v, new, lr, m, wd: (p - lr * new) * (1 - lr * wd),
            ),
            "The parameters shrink after the step. In this rule weight_decay·p is added to the gradient before all "
            "else.",
        ),
        Mistake(
            "decay-grows",
            _by(lambda p, g, v, lr, m, wd: m * v + g - wd * p),
            "weight_decay·p is subtracted from the gradient, and the weights grow. It is added.",
        ),
        Mistake(
            "decay-doubled",
            changing(sgd_step, weight_decay=lambda given: 2 * given["weight_decay"]),
            "The decay is 2·weight_decay·p, the gradient of weight_decay·‖p‖². The rule has no factor 2.",
        ),
        Mistake(
            "decay-of-signs",
            _by(lambda p, g, v, lr, m, wd: m * v + g + wd * np.sign(p)),
            "The sign of p is added (that is the gradient of |p|). Weight decay adds weight_decay·p.",
        ),
        Mistake(
            "decay-of-the-gradient",
            _by(lambda p, g, v, lr, m, wd: m * v + (1 + wd) * g),
            "The decay multiplies the gradient. It is of the *parameter*: g + weight_decay·p.",
        ),
        Mistake(
            "decay-of-the-velocity",
            _by(lambda p, g, v, lr, m, wd: m * v + g + wd * v),
            "The decay multiplies the velocity. It is of the *parameter*: g + weight_decay·p.",
        ),
        Mistake(
            "decay-under-momentum",
            _by(lambda p, g, v, lr, m, wd: m * (v + wd * p) + g),
            "The decay is multiplied by momentum. It belongs to the gradient: momentum·v + (g + weight_decay·p).",
        ),
        Mistake(
            "biases-not-decayed",
            _each(_no_biases),
            "Parameters with one axis are not decayed. Leaving biases out is often done, but this rule treats all "
            "alike.",
        ),
        Mistake(
            "results-swapped",
            lambda *args, **kwargs: sgd_step(*args, **kwargs)[::-1],
            "The velocity is returned before the parameters.",
        ),
        Mistake(
            "old-velocity-returned",
            lambda params, grads, velocity, lr, momentum, weight_decay: (
                sgd_step(params, grads, velocity, lr, momentum, weight_decay)[0], [v.copy() for v in velocity]
            ),
            "The old velocity is returned: the momentum would never build up.",
        ),
        Mistake(
            "old-parameters-returned",
            lambda params, grads, velocity, lr, momentum, weight_decay: (
                [p.copy() for p in params], sgd_step(params, grads, velocity, lr, momentum, weight_decay)[1]
            ),
            "The parameters come back as they were.",
        ),
        Mistake(
            "parameters-only",
            lambda *args, **kwargs: sgd_step(*args, **kwargs)[0],
            "Only the parameters are returned. The next step needs the velocity: return both lists.",
        ),
        Mistake("first-parameter-only", _first_only, "Only the first parameter moves. Go through all of them."),
        Mistake(
            "last-parameter-only",
            lambda *args, **kwargs: tuple(part[-1:] for part in sgd_step(*args, **kwargs)),
            "Only the last parameter comes back: collect the new arrays in lists, and return after the loop.",
        ),
        Mistake(
            "one-velocity-for-all", _one_velocity, "All parameters use the first one's velocity. Each has its own."
        ),
        Mistake(
            "changes-input",
            _in_place,
            "The values are right, but the caller's arrays are changed (`p -= …` writes into them). Make new ones: "
            "`p = p - …`.",
        ),
    ],
    names=("the parameters", "the velocity"),
    see="09#The step",
    place=3,
)  # fmt: skip
