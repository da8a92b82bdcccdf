"""The playground under a person's hand: edited weights, live optimiser and features, own points, the whole of it in one string."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.api import Graph, Plot
from engine.api.params import params_to_json
from engine.api.share import Experiment, read_share_string, share_string
from engine.data.planar_task import make_task
from engine.labs.neurons.playground import CLASSES, FEATURES, Params, apply_edits, draw_network, make_net
from engine.nn.network_graph import edge_weights, wire
from engine.run.context import Context, Setting
from engine.run.discovery import load
from engine.run.runner import make_params, run_lab
from engine.run.sink import MemorySink
from engine.run.steering import Steering

LAB = "neurons.playground"


class Hand(Steering):
    """Makes changes at the given polls, and stops at another."""

    def __init__(self, changes: dict[int, dict[str, Any]], stop: int = 10**9) -> None:
        super().__init__(interactive=stop < 10**9)
        self._changes, self._stop, self._polls = changes, stop, 0

    def poll(self, timeout: float = 0.0) -> None:
        self._polls += 1
        self.changes.update(self._changes.get(self._polls, {}))
        self.stop = self._polls >= self._stop


def run(steering: Steering | None = None, draws: bool = False, **params: Any) -> tuple[Context, MemorySink]:
    lab, sink = load(LAB), MemorySink(draws)
    setting = Setting(lab, make_params(lab, params), torch.device("cpu"), sink, steering or Steering())
    return run_lab(setting), sink


def weights_of(context: Context) -> np.ndarray:
    return edge_weights(context.tracked["net"].linears, CLASSES).numpy()


def graph_in(sink: MemorySink) -> Graph:
    frame = sink.frames["network"]
    assert isinstance(frame, Plot)
    graph = frame.layers[0]
    assert isinstance(graph, Graph)
    return graph


def test_an_edited_weight_is_set_once_and_learns_on() -> None:
    at_start, _ = run(steps=1, lr=1e-4, edit=[3, 2.5])
    assert weights_of(at_start)[0 + 3] == 2.5  # feature x₂² is off: nothing pulls at its weight
    moved, _ = run(steps=50, edit=[0, 2.5])
    assert weights_of(moved)[0] != 2.5
    assert abs(weights_of(moved)[0] - 2.5) < 1


def test_edits_add_up_and_unknown_edges_are_passed_over() -> None:
    net = make_net(Params())
    applied = torch.full((len(wire(net.sizes).places),), torch.nan)
    apply_edits(net, (0, 1.5, 4, -2.0, 9999, 3.0, -1, 3.0, 7), applied)
    weights = edge_weights(net.linears, CLASSES)
    assert weights[0] == 1.5
    assert weights[4] == -2
    assert applied.isfinite().sum() == 2
    with torch.no_grad():
        net.linears[0].weight[0, 0] = 0.25
    apply_edits(net, (0, 1.5, 4, -2.0), applied)
    assert edge_weights(net.linears, CLASSES)[0] == 0.25  # the old edit does not come back
    apply_edits(net, (0, 1.0), applied)
    assert edge_weights(net.linears, CLASSES)[0] == 1


def test_an_edit_after_the_end_shows_in_the_graph() -> None:
    context, sink = run(Hand({9: {"edit": [1, -3.0]}}, stop=12), draws=True, steps=4)
    assert graph_in(sink).weights[1] == -3
    assert context.step == 4


def test_a_feature_that_is_off_learns_nothing_and_loses_its_edges() -> None:
    torch.manual_seed(0)
    before = edge_weights(make_net(Params(x2=False)).linears, CLASSES).numpy()
    context, sink = run(draws=True, steps=20, x2=False)
    places = wire(context.tracked["net"].sizes).places
    off = (places[:, 0] == 0) & (places[:, 2] == 1)
    np.testing.assert_array_equal(weights_of(context)[off], before[off])
    on = (places[:, 0] == 0) & (places[:, 2] == 0)
    assert (weights_of(context)[on] != before[on]).all()
    graph = graph_in(sink)
    hidden = graph.edges[off[: len(graph.edges)]]
    np.testing.assert_array_equal(hidden[:, 0], hidden[:, 1])


def test_another_optimiser_begins_without_a_memory() -> None:
    context, _ = run(Hand({11: {"optimiser": "momentum"}, 21: {"optimiser": "Adam"}}), steps=21)
    optimisers = context.tracked["optimisers"]
    adam = next(iter(optimisers["Adam"].state.values()))
    assert int(adam["step"]) == 1
    assert optimisers["momentum"].state


@pytest.mark.parametrize(("penalty", "slope"), [("L2", lambda w: 2 * w), ("L1", np.sign)])
def test_a_penalty_pulls_at_weights_as_its_gradient_says_and_leaves_biases_alone(penalty: str, slope: Any) -> None:
    torch.manual_seed(0)
    start = make_net(Params())
    settings: dict[str, Any] = {"steps": 1, "optimiser": "SGD", "lr": 0.1, "strength": 0.01}
    free, _ = run(**settings)
    bound, _ = run(**settings, penalty=penalty)
    for index, layer in enumerate(start.linears):
        mine, other = bound.tracked["net"].linears[index], free.tracked["net"].linears[index]
        pulled = (mine.weight - other.weight).detach().numpy()
        np.testing.assert_allclose(pulled, -0.1 * 0.01 * slope(layer.weight.detach().numpy()), atol=1e-6)
        assert torch.equal(mine.bias, other.bias)


def test_data_without_points_waits_and_draws() -> None:
    context, sink = run(draws=True, steps=3, data="own points")
    assert not sink.scalars
    assert set(sink.frames) == {"plane", "network", "hidden"}
    assert context.step == 3


def test_own_points_of_a_third_class_open_a_third_output() -> None:
    _, sink = run(draws=True, steps=2, points=[[1.0, 1.0, 2]])
    assert sink.scalars["loss/train"][0][1] == pytest.approx(math.log(3), abs=0.05)
    assert graph_in(sink).labels[-1] == "p₂"


def test_no_hidden_layer_and_four_of_them_both_run() -> None:
    for widths in ((0, 0, 0, 0), (0, 3, 0, 1), (8, 8, 8, 8)):
        layers: dict[str, Any] = {f"layer_{number + 1}": width for number, width in enumerate(widths)}
        context, _ = run(draws=True, steps=2, **layers)
        assert context.tracked["net"].sizes == (len(FEATURES), *(width for width in widths if width), CLASSES)


def test_other_data_gets_other_truths() -> None:
    _, sink = run(Hand({6: {"data": "circles", "noise": 0.2}}), steps=8)
    assert sink.truths["accuracy/test"][0] == pytest.approx(1 - 0.0909, abs=1e-3)


def test_the_product_of_the_inputs_alone_solves_xor() -> None:
    params: dict[str, Any] = {
        "x1": False,
        "x2": False,
        "product": True,
        "layer_1": 0,
        "layer_2": 0,
        "lr": 0.1,
        "noise": 0.1,
    }
    _, sink = run(steps=200, **params)
    assert sink.scalars["accuracy/train"][-1][1] == 1


def test_the_picture_in_a_node_is_what_its_neuron_answers() -> None:
    net, data = make_net(Params()), make_task("xor", (), 0.1, 40, 0.5, (0, 0))
    frame = draw_network(net, Params(), data)
    graph = frame.layers[0]
    assert isinstance(graph, Graph)
    pictures = np.asarray(graph.pictures)
    assert pictures.shape[0] == len(graph.nodes) == len(graph.labels)
    orange = pictures[..., 0] - pictures[..., 2]  # x₁ grows to the right, x₂ upwards, row 0 at the top of a picture
    assert orange[0, 14, -1] > 0 > orange[0, 14, 0]
    assert orange[1, 0, 14] > 0 > orange[1, -1, 14]


def test_one_string_carries_the_whole_experiment() -> None:
    lab = load(LAB)
    params = Params(
        data="moons", points=((0.5, -0.25, 2),), noise=0.2, redraw=3, layer_2=0, edit=(4.0, 1.25), activation="GELU"
    )
    encoded = params_to_json(lab.fields, params)
    back = read_share_string(share_string(Experiment(LAB, encoded, 7)))
    assert make_params(lab, back.params) == params
    assert back.seed == 7
    assert {entry.name for entry in dataclasses.fields(Params)} == set(back.params)
