"""A small real graph: who met whom in a karate club that split in two (Zachary 1977)."""

from dataclasses import dataclass

import numpy as np

KARATE_CLUBS = ("Mr. Hi", "Officer")


@dataclass(frozen=True)
class Graph:
    """A graph of M nodes, each of a class.

    Attributes
    ----------
    adjacency : ndarray of float64, (M, M)
        1 where two nodes are joined, 0 elsewhere; symmetric, no node is joined to itself.
    labels : ndarray of int64, (M,)
    classes : tuple of str
        What the labels stand for.
    """

    adjacency: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.adjacency)


def karate_club() -> Graph:
    """Return Zachary's karate club: 34 members, 78 friendships, and which club each member joined after the split.

    Node 0 is the instructor, "Mr. Hi", and node 33 the officer. networkx carries the graph. Source: W. W. Zachary,
    "An information flow model for conflict and fission in small groups", J. Anthropological Research 33 (1977).

    >>> club = karate_club()
    >>> len(club), int(club.adjacency.sum()) // 2, np.bincount(club.labels).tolist()
    (34, 78, [17, 17])
    """
    import networkx

    graph = networkx.karate_club_graph()
    labels = [KARATE_CLUBS.index(club) for _, club in sorted(graph.nodes(data="club"))]
    adjacency = networkx.to_numpy_array(graph, nodelist=sorted(graph), weight=None)
    return Graph(adjacency, np.array(labels, np.int64), KARATE_CLUBS)
