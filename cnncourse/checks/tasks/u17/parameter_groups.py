"""Learning rates that grow from the first stage to the last."""

from cnncourse.checks.author import Values
from cnncourse.checks.networks import NetworkCall, chain, layer, network_task

RATES = "the learning rates, by parameter (−1: none)"


class AnyRateOfShared(Values):
    """A parameter that several stages share may have the rate of any of them."""

    def difference(self, task, got, wanted, case):
        """With the rates that are allowed put in the place of the wanted one."""
        if isinstance(got, dict) and "shared" in case.__dict__:
            place, allowed = case.shared
            given = got[RATES][place]
            if any(abs(given - one) <= 1e-9 * one for one in allowed):
                right = wanted[RATES].copy()
                right[place] = given
                wanted = wanted | {RATES: right}
        return super().difference(task, got, wanted, case)


task = network_task(see="One learning rate for old and new", look="groups", judged=AnyRateOfShared())


@task.right
def parameter_groups(stages, lr, decay):
    """From the last stage to the first: lr times decay to the power of the distance from the end."""
    groups, seen = [], set()
    for age, stage in enumerate(reversed(stages)):
        fresh = [p for p in stage.parameters() if p.requires_grad and id(p) not in seen]
        seen.update(map(id, fresh))
        if fresh:
            groups.append({"params": fresh, "lr": lr * decay**age})
    return groups


def linear(**options):
    """A stage with two parameters."""
    return layer("Linear", 3, 3, **options)


def near(rng):
    """A drawn factor, so that no rate is known beforehand."""
    return int(rng.integers(60, 141)) / 100


@task.criterion(2)
def rates(rng):
    """The last stage learns at lr, each earlier one at decay times the rate of the next."""
    yield NetworkCall(chain(linear(), layer("Linear", 3, 2), layer("Linear", 2, 4)), 0.1 * near(rng), 0.5)
    nested = chain(chain(linear(), layer("Linear", 3, 2)), layer("Linear", 2, 2, bias=False))
    yield NetworkCall(nested, 0.02 * near(rng), 0.1)
    yield NetworkCall(chain(linear()), 0.3 * near(rng), 0.25)
    yield NetworkCall(chain(*(linear() for _ in range(6))), 1.5 * near(rng), 0.9)
    yield NetworkCall(chain(linear(), linear(), linear()), 0.01 * near(rng), 1.0)
    yield NetworkCall(chain(linear(), linear(), linear(), linear()), 0.2 * near(rng), 1.7)


@task.criterion(2)
def stages_without_parameters(rng):
    """A stage without parameters, or with frozen ones, is counted, but has no group; frozen parameters are in none."""
    yield NetworkCall(chain(linear(), layer("ReLU"), linear(), layer("Dropout", 0.1)), 0.1 * near(rng), 0.5)
    yield NetworkCall(chain(linear(frozen=True), linear(), layer("Flatten"), linear()), 0.05 * near(rng), 0.3)
    yield NetworkCall(chain(linear(), linear(frozen=True), chain(linear(frozen=True), linear())), 0.4 * near(rng), 0.2)
    yield NetworkCall(chain(layer("BatchNorm1d", 3), layer("ReLU"), linear(frozen=True)), 0.7 * near(rng), 0.6)


@task.criterion(1)
def shared_parameters(rng):
    """A parameter that two stages share is in one group only, at the rate of either."""
    tied = chain(layer("Linear", 3, 3, label="first"), linear(), layer("Linear", 3, 3, tied="first"))
    lr = 0.2 * near(rng)
    yield shared(NetworkCall(tied, lr, 0.5), lr, lr * 0.5**2)
    deep = chain(chain(layer("Linear", 3, 3, bias=False, label="x"), layer("ReLU")), layer("Linear", 3, 3, tied="x"))
    alike = chain(layer("Linear", 3, 3, label="y"), layer("Linear", 3, 3, like="y"))  # equal numbers, nothing shared
    yield NetworkCall(alike, 0.3 * near(rng), 0.5)
    lr = 0.6 * near(rng)
    yield shared(NetworkCall(deep, lr, 0.4), lr, lr * 0.4)


def shared(case, *allowed):
    """A case whose first parameter may have several rates."""
    case.shared = 0, allowed
    return case


def grouped(stages, lr, decay, *, speed=lambda lr, decay, age, place: lr * decay**age, frozen=False, count=False,
            empty=False, once=True, turned=False, keep=lambda name: True, one=False, result=lambda groups: groups):
    """Right with the options as they are."""
    groups, seen = [], set()
    order = list(stages)[::1 if turned else -1]
    if not count:
        total = order
    else:
        total = [s for s in order if any(p.requires_grad for p in s.parameters())]
    for stage in order:
        age = total.index(stage) if stage in total else 0
        fresh = [p for name, p in stage.named_parameters()
                 if (p.requires_grad or frozen) and keep(name) and not (once and id(p) in seen)]  # fmt: skip
        seen.update(map(id, fresh))
        if fresh or empty:
            groups.append({"params": fresh, "lr": speed(lr, decay, age, len(total) - 1 - age)})
    return result(groups[:1] if one else groups)


task.options(grouped, {
    "first-stage-fastest": ({"turned": True},
        "The first stage learns fastest. It is the most general and keeps what it has; the last one learns at lr."),
    "first-stage-at-lr": ({"speed": lambda lr, decay, age, place: lr * decay**place},
        "The first stage learns at lr. The last one does; each earlier one is slower by the factor decay."),
    "one-power-too-few": ({"speed": lambda lr, decay, age, place: lr * decay ** (age - 1)},
        "The last stage learns at lr / decay. It learns at lr: decay to the power of 0."),
    "same-rate-for-all": ({"speed": lambda lr, decay, age, place: lr},
        "All stages learn at lr: decay is not used."),
    "decays-once": ({"speed": lambda lr, decay, age, place: lr * (decay if age else 1)},
        "All earlier stages have one rate, lr · decay. Each is decay times the *next* one: a power of decay."),
    "last-decayed-too": ({"speed": lambda lr, decay, age, place: lr * decay ** (age + 1)},
        "The last stage learns at lr · decay. It learns at lr: decay to the power of 0."),
    "linear-decay": ({"speed": lambda lr, decay, age, place: lr * (1 - (1 - decay) * age)},
        "The rates fall by the same amount from stage to stage. Each is decay *times* the next: a power."),
    "multiplied-by-the-age": ({"speed": lambda lr, decay, age, place: lr * decay * age if age else lr},
        "decay is multiplied by the distance from the end. It is a power: decay ** age."),
    "divided-by-decay": ({"speed": lambda lr, decay, age, place: lr / decay**age},
        "Earlier stages learn faster: lr is divided by decay. It is multiplied."),
    "starts-at-the-first": ({"speed": lambda lr, decay, age, place: lr / decay**place},
        "The first stage learns at lr, and the later ones at lr / decay, … . The last one learns at lr."),
    "empty-stages-not-counted": ({"count": True},
        "Stages without trainable parameters are passed over, so that the rates before them are too large. They "
        "count, too."),
    "empty-groups": ({"empty": True}, "There are groups without parameters. Leave them out."),
    "frozen-parameters-too": ({"frozen": True},
        "Frozen parameters are in a group. They have no gradient; weight decay would still move them in some "
        "optimisers."),
    "shared-twice": ({"once": False},
        "A parameter that two stages share is in two groups: torch.optim refuses that. Remember which have been "
        "taken: id(p)."),
    "weights-only": ({"keep": lambda name: name.endswith("weight")},
        "The biases are in no group, so they never learn."),
    "not-what-lies-deeper": ({"keep": lambda name: "." not in name},
        "Only a stage's own parameters are taken, not those of the modules in it: stage.parameters()."),
    "all-that-a-stage-holds": ({"frozen": True, "once": False, "empty": True},
        "Each stage's parameters are taken as they are, frozen and shared ones, or none. Choose those that require "
        "gradients and are in no group yet, and leave out empty groups."),
    "one-parameter-of-each": ({"result": lambda groups: [{**g, "params": g["params"][:1]} for g in groups]},
        "Only the first parameter of each stage is in its group. All trainable ones are."),
    "last-stage-only": ({"one": True}, "Only the last stage with parameters has a group. The others never learn."),
    "one-dict": ({"result": lambda groups: groups[0]},
        "A dict is returned. Wanted is a list of dicts, one for each stage."),
    "lists-of-parameters": ({"result": lambda groups: [g["params"] for g in groups]},
        "A list of lists is returned. torch.optim wants dicts: {'params': […], 'lr': …}."),
    "pairs": ({"result": lambda groups: [(g["params"], g["lr"]) for g in groups]},
        "Pairs are returned. torch.optim wants dicts: {'params': […], 'lr': …}."),
    "key-is-rate": ({"result": lambda groups: [{"params": g["params"], "learning_rate": g["lr"]} for g in groups]},
        "torch.optim knows the rate by the key 'lr'. Other keys are ignored."),
})  # fmt: skip


@task.mistake
def names_for_parameters(right):
    """The groups hold names. torch.optim wants the parameters themselves: stage.parameters()."""
    return [{**group, "params": [str(i) for i, _ in enumerate(group["params"])]} for group in right]


@task.mistake
def copies(right):
    """The groups hold copies (clone, detach or data), so an optimiser moves tensors that the network does not use."""
    return [{**group, "params": [p.detach().clone() for p in group["params"]]} for group in right]


@task.mistake
def makes_all_trainable(again, stages):
    """Frozen parameters require gradients afterwards, and learn. Leave them frozen, and out of the groups."""
    return again(stages=stages.requires_grad_())


@task.mistake
def layers_for_stages(again, stages):
    """Each layer is counted as a stage. The stages are the parts of the Sequential, whatever they hold."""
    return again(stages=[m for m in stages.modules() if not list(m.children())])


@task.mistake
def last_stages_not_counted(again, stages):
    """Stages without parameters at the end are not counted, so that all rates are too large. They count, too."""
    held = [i for i, stage in enumerate(stages) if list(stage.parameters())]
    return again(stages=list(stages)[: held[-1] + 1])


@task.mistake
def partly_frozen_stages_left_out(again, stages):
    """A stage that holds a frozen parameter is left out as a whole. Its trainable parameters learn."""
    return again(stages=[s if all(p.requires_grad for p in s.parameters()) else s[:0] if hasattr(s, "__len__")
                         else type("", (), {"parameters": lambda: ()}) for s in stages])  # fmt: skip


@task.mistake
def partly_frozen_stages_whole(stages, lr, decay):
    """Where a stage holds one trainable parameter, its frozen ones are in the group, too. Leave them out."""
    groups, seen = [], set()
    for age, stage in enumerate(reversed(stages)):
        fresh = [p for p in stage.parameters() if id(p) not in seen]
        seen.update(map(id, fresh))
        if any(p.requires_grad for p in fresh):
            groups.append({"params": fresh, "lr": lr * decay**age})
    return groups


@task.mistake
def equal_numbers_for_one_parameter(right):
    """Parameters with equal numbers are taken for one and the same. Compare the objects: `is`, or id(p)."""
    seen, groups = [], []
    for group in right:
        fresh = [p for p in group["params"] if not any(p.shape == q.shape and (p == q).all() for q in seen)]
        seen += fresh
        groups += [{**group, "params": fresh}] if fresh else []
    return groups


@task.mistake
def shared_left_out(right, stages):
    """A parameter that two stages share is in no group, and never learns. It is in one of them."""
    held = [id(p) for stage in stages for p in stage.parameters()]
    groups = [{**group, "params": [p for p in group["params"] if held.count(id(p)) == 1]} for group in right]
    return [group for group in groups if group["params"]]


@task.mistake
def optimiser(right):
    """An optimiser is returned. Wanted is the list that it takes."""
    from torch.optim import SGD

    return SGD(right, lr=0.1)
