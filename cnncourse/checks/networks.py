"""Tasks whose answer takes a PyTorch network and changes it, or looks at it: judged by how the network then acts.

A case describes the network by plain values, and it is built beside the answer (`inside.network_probes`), here as well
as in a sandbox. What is looked at has names, and each of them must be as after the right answer.
"""

from dataclasses import dataclass

from cnncourse.checks.case import Case
from cnncourse.checks.judge import Values
from cnncourse.checks.observe import WithTorch
from cnncourse.checks.task import Task


def network_task(see, look, judged=None):
    """A task whose answer gets a network; `look` names what is looked at afterwards (`network_probes.LOOKS`)."""
    return Task(see=see, observe=Changed(look), judged=judged or Values(), banned=(), repeats=0, seconds=20.0)


def layer(kind, *args, label=None, tied=None, like=None, frozen=False, eval=None, **options):
    """A layer of `torch.nn`; `label` names it for others, whose weight it shares (`tied`) or whose numbers (`like`)."""
    return {"kind": kind, "args": args, "options": options, "label": label, "tied": tied, "like": like,
            "frozen": frozen, "eval": eval}  # fmt: skip


def chain(*parts, names=None, order=None, kind="Sequential", frozen=False, eval=None, label=None):
    """Layers one after another; with `names` they are attributes, run in `order` where that is another one."""
    description = {"kind": kind, "parts": parts, "frozen": frozen, "eval": eval, "label": label}
    if names:
        description |= {"kind": "Chain", "names": tuple(names), "order": tuple(order or names)}
    return description


def same(label):
    """The very object that has this label."""
    return {"kind": "", "same": label}


class NetworkCall(Case):
    """A network, the arguments behind it, and what else is needed to look: NetworkCall(chain(…), 10, input=x).

    Parameters
    ----------
    network : description of a network
    *args : the answer's arguments after the network
    **more : what the look needs
    """

    def __init__(self, network, *args, **more):
        super().__init__("", *args)
        self.network, self.more = network, more

    def call_text(self, name, reference=None):
        """The call, with the network as a line of its layers' names."""
        return f"{name}({', '.join([text(self.network), *map(str, self.args)])})"

    def arguments(self, reference=None):
        """The arguments, the network built anew."""
        from cnncourse.grading.inside.network_probes import built, filled

        values = filled(built(self.network), 0), *self.args
        names = list(reference.__signature__.parameters) if hasattr(reference, "__signature__") else []
        names += [f"argument {i + 1}" for i in range(len(names), len(values))]
        return dict(zip(names, values, strict=False))


def text(description):
    """A description as a learner would write it, without sizes."""
    if description.get("same") is not None:
        return f"the same {description['same']}"
    if not description.get("parts"):
        return description["kind"]
    return f"{description['kind']}({', '.join(map(text, description['parts']))})"


@dataclass
class Changed(WithTorch):
    """Observes what a network is like after the answer has had it."""

    look: str = ""

    probe = "changed_network"
    test_seeds = 4

    def told(self, case):
        """The arguments behind the network, the network, and how it is looked at."""
        return case.args, {"network": case.network, "look": self.look, **case.more}
