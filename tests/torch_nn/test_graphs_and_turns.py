"""Graph and quarter-turn convolution: both libraries alike, gradients, and the symmetries they are made for."""

import networkx
import numpy as np
import pytest
import torch

from cnncourse import numpy_nn
from cnncourse.data import karate_club
from cnncourse.numpy_nn import graph_convolution as our_graph
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn import quarter_turns as ours
from cnncourse.numpy_nn.geometry import output_shape
from cnncourse.torch_nn import graph_convolution as their_graph
from cnncourse.torch_nn import quarter_turns as theirs

pytestmark = pytest.mark.usefixtures("one_torch_thread")
RNG = np.random.default_rng(0)
DIRECTED = RNG.integers(0, 3, (6, 6)) * (RNG.random((6, 6)) < 0.5)  # weights, loops, and one-way edges
LONELY = np.zeros((3, 3), bool)


def compare(a, b, shape):
    """Outputs and all gradients of a layer and its twin, in float64, under random gradients from above."""
    a, b = a.astype(np.float64), b.double()
    assert list(a.state_dict()) == list(b.state_dict())
    state = {key: RNG.normal(size=value.shape) for key, value in a.state_dict().items()}
    a.load_state_dict(state)
    b.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    x = RNG.normal(size=shape)
    t = torch.from_numpy(x).requires_grad_()
    got, wanted = a(x), b(t)
    assert got.shape == output_shape(a, shape)
    np.testing.assert_allclose(got, wanted.detach(), rtol=0, atol=1e-10)
    g = RNG.normal(size=got.shape)
    wanted.backward(torch.from_numpy(g))
    np.testing.assert_allclose(a.backward(g), t.grad, rtol=0, atol=1e-10)
    for (name, parameter), other in zip(a.named_parameters(), b.parameters(), strict=True):
        np.testing.assert_allclose(parameter.grad, other.grad, rtol=0, atol=1e-10, err_msg=name)


# Graphs


def test_the_normalised_adjacency_is_networkxs():
    """networkx gives I − Â of a graph in which every node is joined to itself."""
    graph = networkx.karate_club_graph()
    adjacency = networkx.to_numpy_array(graph)  # with weights
    graph.add_edges_from((node, node, {"weight": 1}) for node in range(34))
    wanted = np.eye(34) - networkx.normalized_laplacian_matrix(graph).toarray()
    np.testing.assert_allclose(our_graph.normalized_adjacency(adjacency), wanted, atol=1e-12)
    np.testing.assert_allclose(their_graph.normalized_adjacency(torch.from_numpy(adjacency)), wanted, atol=1e-12)


@pytest.mark.parametrize("adjacency", [DIRECTED, LONELY, DIRECTED.astype(np.float32), np.zeros((0, 0))])
def test_graph_convolution_and_its_gradients(adjacency):
    M_, dtype = len(adjacency), adjacency.dtype
    A = our_graph.normalized_adjacency(adjacency)
    assert A.dtype == (np.float32 if dtype == np.float32 else np.float64)
    D = np.diag((adjacency + np.eye(M_)).sum(axis=1))
    root = np.diag(np.diag(D) ** -0.5)
    np.testing.assert_allclose(A, root @ (adjacency + np.eye(M_)) @ root, rtol=1e-6)
    X, W, g = RNG.normal(size=(M_, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=(M_, 3))
    x, w = (torch.from_numpy(array).requires_grad_() for array in (X, W))
    wanted = their_graph.graph_conv(torch.from_numpy(adjacency), x, w)
    wanted.backward(torch.from_numpy(g))
    np.testing.assert_allclose(our_graph.graph_conv(adjacency, X, W), wanted.detach(), atol=1e-6)
    for got, other in zip(our_graph.graph_conv_backward(g, adjacency, X, W), (x, w), strict=True):
        np.testing.assert_allclose(got, other.grad, atol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_the_layer_and_its_twin(bias):
    compare(our_graph.GraphConv(DIRECTED, 4, 3, bias), their_graph.GraphConv(DIRECTED, 4, 3, bias), (6, 4))
    compare(our_graph.GCN(DIRECTED, (4, 5, 2)), their_graph.GCN(DIRECTED, (4, 5, 2)), (6, 4))


def test_renumbering_the_nodes_renumbers_the_outputs():
    club = karate_club()
    order = np.random.default_rng(1).permutation(34)
    X, W = RNG.normal(size=(34, 5)), RNG.normal(size=(5, 4))
    moved = our_graph.graph_conv(club.adjacency[np.ix_(order, order)], X[order], W)
    np.testing.assert_allclose(moved, our_graph.graph_conv(club.adjacency, X, W)[order], atol=1e-12)


def test_a_graph_network_learns_the_club_from_two_labels():
    """Kipf & Welling's own illustration: the two leaders' labels are enough for nearly all others."""
    club, accuracies = karate_club(), []
    known = np.array([0, 33])
    for seed in range(5):
        network = our_graph.GCN(club.adjacency, (34, 8, 2), rng=np.random.default_rng(seed))
        optimizer = numpy_nn.optim.Adam(network.parameters(), 0.02)
        for _ in range(60):
            logits = network(np.eye(34, dtype=np.float32))
            grad = np.zeros_like(logits)
            grad[known] = numpy_nn.functional.cross_entropy_backward(1.0, logits[known], club.labels[known])[0]
            optimizer.zero_grad()
            network.backward(grad)
            optimizer.step()
        accuracies.append(np.mean(network(np.eye(34, dtype=np.float32)).argmax(axis=1) == club.labels))
    assert min(accuracies) > 0.8


def test_a_summary_counts_a_sparse_product():
    club = karate_club()
    table = numpy_nn.summary(our_graph.GCN(club.adjacency, (5, 4, 2)), (34, 5))
    neighbours = 2 * 78 + 34
    assert table.multiply_adds == neighbours * (5 + 4) + 34 * (5 * 4 + 4 * 2)
    assert table.parameters == 5 * 4 + 4 + 4 * 2 + 2


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: our_graph.normalized_adjacency([[1]]), TypeError, "adjacency: expected an array of numbers"),
        (lambda: our_graph.normalized_adjacency(np.ones((2, 3))), ValueError, r"adjacency: expected shape \(M, M\)"),
        (lambda: our_graph.normalized_adjacency(-np.eye(2)), ValueError, "adjacency: expected finite weights"),
        (lambda: our_graph.normalized_adjacency(np.full((1, 1), np.nan)), ValueError, "adjacency: expected finite"),
        (lambda: their_graph.normalized_adjacency(torch.ones(2, 3)), ValueError, r"adjacency: expected shape \(M, M\)"),
        (lambda: their_graph.normalized_adjacency(-torch.eye(2)), ValueError, "adjacency: expected finite weights"),
        (lambda: our_graph.graph_conv(np.eye(2), np.ones((3, 1)), np.ones((1, 1))), ValueError, "features: .* one row"),
        (lambda: our_graph.graph_conv(np.eye(2), np.ones((2, 1)), np.ones((2, 1))), ValueError, "weight: .*1, C_out"),
        (lambda: our_graph.graph_conv(np.eye(2), np.ones((2, 1), int), np.ones((1, 1))), TypeError, "features: .*"),
    ],
)  # fmt: skip
def test_refusals_of_graphs(call, error, says):
    with pytest.raises(error, match=says):
        call()


# Quarter turns


LAYERS = [("LiftingConv2d", (2, 3, 5, 6)), ("QuarterTurnConv2d", (2, 3, 4, 6, 5))]


@pytest.mark.parametrize(("K", "padding", "bias"), [(3, 1, True), (2, 0, False), (1, 2, True), (4, 0, True)])
@pytest.mark.parametrize(("name", "shape"), LAYERS)
def test_turning_layers_and_their_twins(name, shape, K, padding, bias):
    compare(getattr(ours, name)(3, 2, K, padding, bias), getattr(theirs, name)(3, 2, K, padding, bias), shape)


def test_the_mean_of_turns_and_its_twin():
    compare(ours.TurnMean(), theirs.TurnMean(), (2, 3, 4, 5, 6))


def network(library, seed=0):
    if library is ours:
        rng = np.random.default_rng(seed)
        layers = ours.LiftingConv2d(2, 3, 3, rng=rng), ours.QuarterTurnConv2d(3, 2, 2, 1, rng=rng)
        a = M.Sequential(layers[0], M.ReLU(), layers[1]).astype(np.float64)
        return a, a
    torch.manual_seed(seed)
    layers = theirs.LiftingConv2d(2, 3, 3), theirs.QuarterTurnConv2d(3, 2, 2, 1)
    b = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1]).double()
    return b, lambda x: b(torch.from_numpy(x.copy())).detach().numpy()


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("library", [ours, theirs])
def test_turned_pictures_give_turned_maps(library, quarters):
    _, run = network(library)
    x = RNG.normal(size=(2, 2, 7, 8))
    maps, turned = run(x), run(np.rot90(x, quarters, axes=(2, 3)))
    np.testing.assert_allclose(turned, ours.turn_maps(maps, quarters), atol=1e-12)
    plain = np.rot90(maps, quarters, axes=(3, 4))
    assert np.abs(turned - plain).max() > 0.01  # turning alone is not enough: the four maps change places
    mean = ours.TurnMean()
    np.testing.assert_allclose(mean(turned), np.rot90(mean(maps), quarters, axes=(2, 3)), atol=1e-12)
    np.testing.assert_allclose(turned.mean(axis=(2, 3, 4)), maps.mean(axis=(2, 3, 4)), atol=1e-12)  # invariant
    other = theirs.turn_maps(torch.from_numpy(maps), quarters).numpy()
    np.testing.assert_array_equal(other, ours.turn_maps(maps, quarters))


def test_shifted_pictures_give_shifted_maps():
    _, run = network(ours)
    x = np.zeros((1, 2, 12, 12))
    x[:, :, 3:7, 4:8] = RNG.normal(size=(1, 2, 4, 4))
    got, wanted = run(np.roll(x, (2, 1), (2, 3))), np.roll(run(x), (2, 1), (3, 4))
    np.testing.assert_allclose(got[..., 3:-1, 3:-1], wanted[..., 3:-1, 3:-1], atol=1e-12)


def test_lifting_is_four_ordinary_convolutions_and_a_summary_counts_them():
    layer = ours.LiftingConv2d(3, 2, 3, bias=False).astype(np.float64)
    x = RNG.normal(size=(1, 3, 6, 5))
    for r in range(4):
        weight = np.rot90(layer.weight.data, r, axes=(2, 3))
        np.testing.assert_allclose(layer(x)[:, :, r], numpy_nn.functional.conv2d(x, weight.copy()), atol=1e-12)
    table = numpy_nn.summary(M.Sequential(layer, ours.QuarterTurnConv2d(2, 5, 3, bias=False)), (1, 3, 8, 9))
    assert table.multiply_adds == 6 * 7 * 4 * 2 * 27 + 4 * 5 * 4 * 5 * 2 * 4 * 9
    assert table.rows[-1].receptive_field.size == (5, 5)


def test_refusals_of_turns():
    with pytest.raises(ValueError, match=r"input: expected shape \(N, 3, 4, H, W\), got \(1, 3, 5, 5\)"):
        ours.QuarterTurnConv2d(3, 2, 3)(np.zeros((1, 3, 5, 5), np.float32))
    with pytest.raises(ValueError, match="kernel_size: expected at least 1, got 0"):
        ours.LiftingConv2d(3, 2, 0)
    with pytest.raises(TypeError, match="kernel_size: expected an int"):
        ours.LiftingConv2d(3, 2, (3, 3))
