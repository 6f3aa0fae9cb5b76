"""SGD, Adam and two learning-rate schedules: PyTorch's rules, step for step.

An optimiser reads `Parameter.grad` and replaces `Parameter.data`; parameters without a gradient stay as
they are. Its memory is a list with one entry for each parameter.

Memory traffic for each parameter, where each operation of a formula reads its arrays and writes its result: SGD 5
values, 12 with momentum, 5 more with weight decay; Adam 30. Blocks that stay in the cache were no faster here.
"""

import math

import numpy as np


class Optimizer:
    """What SGD and Adam share: the parameters, the learning rate, and saving the memory."""

    memories = ()  # the names of the lists with one array (or None) per parameter

    def __init__(self, parameters, lr):
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("parameters: expected at least one, got none")
        _check_at_least_zero(lr=lr)
        self.lr = lr
        self.steps = [0] * len(self.parameters)

    def zero_grad(self):
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self):
        """Change every parameter that has a gradient."""
        for i, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                self.steps[i] += 1
                parameter.data = parameter.data - self.change(i, parameter.data, parameter.grad)

    def change(self, i, data, grad):
        """Return what is subtracted from parameter i."""
        raise NotImplementedError

    def state_dict(self):
        """Return lr, step counts and memory as {name: array}, ready for a file."""
        state = {"lr": np.array(self.lr), "steps": np.array(self.steps)}
        for name in self.memories:
            for i, array in enumerate(getattr(self, name)):
                if array is not None:
                    state[f"{name}.{i}"] = array.copy()
        return state

    def load_state_dict(self, state):
        """Take over what `state_dict` returned.

        Raises
        ------
        ValueError
            It belongs to another number of parameters, or to others.
        """
        steps = np.asarray(state["steps"])
        if steps.shape != (len(self.parameters),):
            raise ValueError(f"state: expected {len(self.parameters)} parameters, got {steps.size}")
        for name in self.memories:
            arrays = [state.get(f"{name}.{i}") for i in range(len(self.parameters))]
            for i, (array, parameter) in enumerate(zip(arrays, self.parameters, strict=True)):
                if array is not None and array.shape != parameter.shape:
                    raise ValueError(f"state: expected {name}.{i} of shape {parameter.shape}, got {array.shape}")
            setattr(self, name, [None if array is None else np.array(array) for array in arrays])
        self.lr = float(state["lr"])
        self.steps = steps.tolist()


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as `torch.optim.SGD`.

    g ← g + weight_decay · p,  v ← momentum · v + (1 − dampening) · g,  p ← p − lr · v;
    the first v is g itself. Nesterov's form steps along g + momentum · v.

    Parameters
    ----------
    parameters : iterable of Parameter
    lr, momentum, dampening, weight_decay : float
        At least 0.
    nesterov : bool
        Needs momentum and no dampening.

    Notes
    -----
    Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013).
    """

    memories = ("velocity",)

    def __init__(self, parameters, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False):
        super().__init__(parameters, lr)
        _check_at_least_zero(momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(f"nesterov: expected momentum above 0 and no dampening, got {momentum} and {dampening}")
        self.momentum, self.dampening = momentum, dampening
        self.weight_decay, self.nesterov = weight_decay, nesterov
        self.velocity = [None] * len(self.parameters)

    def change(self, i, data, grad):
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if self.momentum:
            v = self.velocity[i]
            v = grad if v is None else self.momentum * v + (1 - self.dampening) * grad
            self.velocity[i] = v
            grad = grad + self.momentum * v if self.nesterov else v
        return self.lr * grad


class Adam(Optimizer):
    """Adam, as `torch.optim.Adam` (Kingma & Ba 2015, algorithm 1).

    m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  p ← p − lr · m̂ / (√v̂ + ε),
    where m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) undo the start at zero.

    Parameters
    ----------
    parameters : iterable of Parameter
    lr : float
    betas : pair of float in [0, 1)
    eps : float
    weight_decay : float
        Added to the gradient (not decoupled, as it is in AdamW).
    """

    memories = ("mean", "square")

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        super().__init__(parameters, lr)
        _check_at_least_zero(eps=eps, weight_decay=weight_decay)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas: expected two numbers in [0, 1), got {betas}")
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        self.mean = [None] * len(self.parameters)
        self.square = [None] * len(self.parameters)

    def change(self, i, data, grad):
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        beta1, beta2 = self.betas
        m = np.zeros_like(data) if self.mean[i] is None else self.mean[i]
        v = np.zeros_like(data) if self.square[i] is None else self.square[i]
        self.mean[i] = m = beta1 * m + (1 - beta1) * grad
        self.square[i] = v = beta2 * v + (1 - beta2) * grad**2
        t = self.steps[i]
        root = np.sqrt(v) / math.sqrt(1 - beta2**t) + self.eps
        return self.lr / (1 - beta1**t) * m / root


class Schedule:
    """A rule for the learning rate; call `step` once after every epoch."""

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.base_lr = optimizer.lr
        self.epoch = 0

    def step(self):
        """Move to the next epoch and set the optimiser's learning rate."""
        self.epoch += 1
        self.optimizer.lr = self.lr_at(self.epoch)

    def lr_at(self, epoch):
        """Return the learning rate of an epoch, counted from 0."""
        raise NotImplementedError

    def state_dict(self):
        """Return {name: array}, ready for a file."""
        return {"base_lr": np.array(self.base_lr), "epoch": np.array(self.epoch)}

    def load_state_dict(self, state):
        """Take over what `state_dict` returned."""
        self.base_lr, self.epoch = float(state["base_lr"]), int(state["epoch"])


class StepLR(Schedule):
    """Multiply the learning rate by gamma after every `step_size` epochs."""

    def __init__(self, optimizer, step_size, gamma=0.1):
        super().__init__(optimizer)
        if step_size < 1:
            raise ValueError(f"step_size: expected at least 1, got {step_size}")
        self.step_size, self.gamma = step_size, gamma

    def lr_at(self, epoch):
        return self.base_lr * self.gamma ** (epoch // self.step_size)


class CosineAnnealingLR(Schedule):
    """Let the learning rate fall along half a cosine, down to eta_min after T_max epochs (Loshchilov & Hutter 2017)."""

    def __init__(self, optimizer, T_max, eta_min=0.0):
        super().__init__(optimizer)
        if T_max < 1:
            raise ValueError(f"T_max: expected at least 1, got {T_max}")
        self.T_max, self.eta_min = T_max, eta_min

    def lr_at(self, epoch):
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + math.cos(math.pi * epoch / self.T_max)) / 2


def _check_at_least_zero(**values):
    for name, value in values.items():
        if not value >= 0:  # NaN is refused too
            raise ValueError(f"{name}: expected at least 0, got {value}")
