"""Writes golden.json: votes with the values that published programs give for them, for the tests of package preference.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install choix==0.4.1 elote==1.5.1 networkx==3.6.1 numpy==2.4.6
    /tmp/golden/bin/python golden.py

choix fits Bradley-Terry by maximum likelihood (by its MM algorithm, and for a check by Newton's), elote rates by Elo, networkx finds
strongly connected components.
"""
import importlib.metadata
import json
import pathlib

import choix
import networkx
import numpy as np
from elote import EloCompetitor

rng = np.random.default_rng(20231128)


def drawn(abilities, games):
    """Wins of methods with these abilities, in so many games of each pair."""
    n = len(abilities)
    wins = np.zeros((n, n), int)
    for i in range(n):
        for j in range(i + 1, n):
            won = rng.binomial(games, 1 / (1 + np.exp(abilities[j] - abilities[i])))
            wins[i, j], wins[j, i] = won, games - won
    return wins.tolist()


def fitted(name, wins):
    """The abilities with mean 0. choix knows no half wins: of wins that hold some, twice as many have the same maximum."""
    doubled = (2 * np.array(wins)).astype(int)
    n = len(wins)
    data = [(i, j) for i in range(n) for j in range(n) for _ in range(doubled[i, j])]
    mm = choix.mm_pairwise(n, data, max_iter=1_000_000, tol=1e-12)
    newton = choix.opt_pairwise(n, data, alpha=0, tol=1e-12)
    assert np.abs((mm - mm.mean()) - (newton - newton.mean())).max() < 1e-6, name
    return {"name": name, "wins": wins, "abilities": (mm - mm.mean()).tolist()}


def rated(methods, games):
    """Elo after votes (a, b, score of a) in their order."""
    players = [EloCompetitor(initial_rating=1000, k_factor=1) for _ in range(methods)]
    for a, b, score in games:
        if score == 1:
            players[a].beat(players[b])
        elif score == 0:
            players[b].beat(players[a])
        else:
            players[a].tied(players[b])
    return [p.rating for p in players]


def components(wins):
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(wins)))
    graph.add_edges_from((i, j) for i in range(len(wins)) for j in range(len(wins)) if wins[i][j] > 0)
    return sorted(sorted(c) for c in networkx.strongly_connected_components(graph))


sparse = [(rng.random((n, n)) < share).astype(int) * (1 - np.eye(n, dtype=int)) for n in (3, 4, 6, 9) for share in (0.15, 0.3, 0.5)]
games = [(*map(int, rng.choice(4, 2, replace=False)), float(rng.choice([0, 0.5, 1], p=[0.3, 0.1, 0.6]))) for _ in range(120)]

golden = {
    "maker": {name: importlib.metadata.version(name) for name in ("choix", "elote", "networkx", "numpy")},
    "fits": [
        # Turner & Firth, Bradley-Terry Models in R: The BradleyTerry2 Package, J. Stat. Softw. 48(9), 2012: citations among Biometrika,
        # Comm. Statist., JASA and JRSS-B (Stigler 1994).
        fitted("citations", [[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]]),
        fitted("six methods", drawn([1.2, 0.7, 0.1, 0, -0.4, -1.6], 40)),
        fitted("few games, half wins", [[0, 2.5, 3, 0.5], [1.5, 0, 1, 2], [1, 3, 0, 2.5], [3.5, 2, 1.5, 0]]),
        fitted("a chain with one upset each", [[0, 30, 0, 0, 0], [1, 0, 25, 0, 0], [0, 1, 0, 40, 0], [0, 0, 1, 0, 20], [0, 0, 0, 1, 0]]),
    ],
    "elo": {"methods": 4, "games": games, "ratings": rated(4, games)},
    "groups": [{"wins": w.tolist(), "groups": components(w.tolist())} for w in sparse],
}
path = pathlib.Path(__file__).with_name("golden.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
