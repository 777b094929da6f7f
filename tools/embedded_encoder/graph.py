"""The network as an ONNX graph, written node by node: names of weights are those of the torch module."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from lydite.features.embedded_net import MULTIPLE, Block, EmbeddedNet, Unit

OPSET, IR = 17, 8


class _Writer:
    """Nodes and initializers in the order of the computation."""

    def __init__(self, net: EmbeddedNet) -> None:
        self.weights = {name: value.numpy() for name, value in net.state_dict().items()}
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def half(self, name: str) -> str:
        """A weight kept in float16 and used in float32; the runtime widens it once, when it loads."""
        stored = self.constant(name, self.weights[name].astype(np.float16))
        return self.node("Cast", [stored], f"{name}:wide", to=TensorProto.FLOAT)

    def unit(self, unit: Unit, name: str, values: str) -> str:
        kernel, stride = unit.conv.kernel_size[0], unit.conv.stride[0]
        weights = [self.half(f"{name}.conv.weight"), self.half(f"{name}.conv.bias")]
        pad = (kernel - 1) // 2
        output = self.node(
            "Conv", [values, *weights], f"{name}:conv",
            kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4,
        )  # fmt: skip
        return self.node("Relu", [output], f"{name}:relu") if unit.relu else output

    def block(self, block: Block, name: str, values: str) -> str:
        inner = self.unit(block.look, f"{name}.look", self.unit(block.narrow, f"{name}.narrow", values))
        total = self.node("Add", [self.unit(block.widen, f"{name}.widen", inner), values], f"{name}:sum")
        return self.node("Relu", [total], f"{name}:relu")

    def lift(self, values: str, times: int) -> str:
        if times == 1:
            return values
        scales = self.constant(f"times{times}", np.array([1, 1, times, times], np.float32))
        return self.node(
            "Resize", [values, "", scales], f"{values}:lifted",
            mode="linear", coordinate_transformation_mode="half_pixel",
        )  # fmt: skip

    def sequence(self, sequence: nn.Sequential, name: str, values: str) -> str:
        for index, part in enumerate(sequence):
            write = self.unit if isinstance(part, Unit) else self.block
            values = write(part, f"{name}.{index}", values)
        return values


def write_graph(net: EmbeddedNet, about: dict[str, str]) -> onnx.ModelProto:
    """The model of a folded network.

    Args:
        net: Without norms.
        about: Key and value texts kept in the file's metadata.
    """
    writer = _Writer(net)
    fine = writer.sequence(net.fine, "fine", writer.sequence(net.stem, "stem", "pixels"))
    middle = writer.sequence(net.middle, "middle", fine)
    meaning = writer.unit(net.meaning, "meaning", writer.sequence(net.coarse, "coarse", middle))
    parts = [
        writer.lift(writer.unit(neck, f"necks.{index}", part), times)
        for index, (neck, part, times) in enumerate(
            zip(net.necks, (fine, middle, meaning), (1, 2, 4), strict=True)
        )
    ]
    writer.node("Concat", parts, "map", axis=1)
    dim = net.widths.dim
    graph = helper.make_graph(
        writer.nodes,
        "lydite embedded encoder",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, "height", "width"])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["n", dim, "rows", "columns"])],
        writer.initializers,
        doc_string=f"RGB in [-1, 1], sides multiples of {MULTIPLE}; one cell of the map per 8 x 8 pixels.",
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="lydite"
    )
    helper.set_model_props(model, about)
    onnx.checker.check_model(model, full_check=True)
    return model
