"""Make the small models that only tests open; the larger ones here come from ``examples/make_models.py``.

Run once by hand; the results are kept beside this file.
Needs: pip install torch transformers onnxscript

- ``mixtral.onnx``: a mixture of experts, the published configuration of Mixtral 8x7B with two of its layers.
- ``unet.onnx``: an encoder and a decoder of four levels with a skip connection at each.
- ``seq2seq.onnx``: a bidirectional LSTM encoder and a greedy decoder with attention in a Loop.

No weights are stored: each is the output of a ConstantOfShape node.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import onnx
import onnx_ir as ir
import torch
from onnx import parser
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "examples"))

from make_models import Logits, export, ids, transformer, without_weights  # noqa: E402


class DoubleConv(nn.Sequential):
    """Two 3x3 convolutions, each with batch norm and ReLU."""

    def __init__(self, inside: int, outside: int) -> None:
        layers: list[nn.Module] = []
        for channels in (inside, outside):
            layers += [nn.Conv2d(channels, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
        super().__init__(*layers)


class Up(nn.Module):
    """Doubles the resolution and joins the features of the encoder's level."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inside, outside, 2, stride=2)
        self.conv = DoubleConv(2 * outside, outside)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Features [batch, outside, 2h, 2w] of [batch, inside, h, w] and the skip at the doubled size."""
        return self.conv(torch.cat([skip, self.up(x)], dim=1))


class UNet(nn.Module):
    """Ronneberger, Fischer & Brox (2015), with padded convolutions and batch norm."""

    def __init__(self, classes: int = 2, channels: int = 64, levels: int = 4) -> None:
        super().__init__()
        sizes = [channels * 2**level for level in range(levels + 1)]
        self.stem = DoubleConv(3, channels)
        pairs = list(itertools.pairwise(sizes))
        self.down = nn.ModuleList(nn.Sequential(nn.MaxPool2d(2), DoubleConv(a, b)) for a, b in pairs)
        self.up = nn.ModuleList(Up(b, a) for a, b in reversed(pairs))
        self.head = nn.Conv2d(channels, classes, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Class logits [batch, classes, height, width] of images [batch, 3, height, width]."""
        levels = [self.stem(image)]
        for down in self.down:
            levels.append(down(levels[-1]))
        x = levels.pop()
        for up in self.up:
            x = up(x, levels.pop())
        return self.head(x)


def make_unet() -> None:
    model = without_weights(export(UNet(), {"image": torch.rand(2, 3, 256, 256)}, {"image": {0: "batch"}}, HERE / "u"))
    ir.save(model, HERE / "unet.onnx")


def make_mixtral() -> None:
    from transformers import MixtralConfig, MixtralForCausalLM

    torch.set_default_dtype(torch.bfloat16)
    config = MixtralConfig(num_hidden_layers=2, dtype=torch.bfloat16, attn_implementation="sdpa")
    config._experts_implementation = "batched_mm"
    module = MixtralForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    transformer("mixtral", Logits(module), ids(), {}, HERE)


SEQ2SEQ = """
<ir_version: 10, opset_import: ["" : 21]>
seq2seq (int64[batch, source] tokens, int64 steps) => (int64[length, batch] words, float[batch, 512] last_state)
{
  embeddings = ConstantOfShape <value = float[1] {0.01}> (embeddings_shape)
  encoder_W = ConstantOfShape <value = float[1] {0.01}> (encoder_W_shape)
  encoder_R = ConstantOfShape <value = float[1] {0.01}> (encoder_R_shape)
  encoder_B = ConstantOfShape <value = float[1] {0.01}> (encoder_B_shape)
  bridge_weight = ConstantOfShape <value = float[1] {0.01}> (bridge_shape)
  key_weight = ConstantOfShape <value = float[1] {0.01}> (key_shape)
  input_weight = ConstantOfShape <value = float[1] {0.01}> (input_shape)
  hidden_weight = ConstantOfShape <value = float[1] {0.01}> (hidden_shape)
  gate_bias = ConstantOfShape <value = float[1] {0.01}> (gate_bias_shape)
  out_weight = ConstantOfShape <value = float[1] {0.01}> (out_shape)

  [encoder_embed] embedded = Gather (embeddings, tokens)
  [encoder_time_major] by_time = Transpose <perm = [1, 0, 2]> (embedded)
  [encoder_lstm] encoded, encoded_h, encoded_c =
      LSTM <direction = "bidirectional", hidden_size = 256> (by_time, encoder_W, encoder_R, encoder_B)
  [encoder_batch_major] by_batch = Transpose <perm = [2, 0, 1, 3]> (encoded)
  [encoder_join] memory = Reshape (by_batch, memory_shape)
  [bridge_h_order] h_order = Transpose <perm = [1, 0, 2]> (encoded_h)
  [bridge_h_join] h_flat = Reshape (h_order, state_shape)
  [bridge_h_project] h_projected = MatMul (h_flat, bridge_weight)
  [bridge_h] h_start = Tanh (h_projected)
  [bridge_c_order] c_order = Transpose <perm = [1, 0, 2]> (encoded_c)
  [bridge_c_join] c_flat = Reshape (c_order, state_shape)
  [bridge_c_project] c_start = MatMul (c_flat, bridge_weight)
  [attention_keys] keys = MatMul (memory, key_weight)
  [attention_keys_turn] keys_turned = Transpose <perm = [0, 2, 1]> (keys)
  [start_like] like = ReduceMax <keepdims = 0> (tokens, one)
  [start_zero] start = Sub (like, like)

  [decoder] h_end, c_end, word_end, words = Loop (steps, yes, h_start, c_start, start) <
    body = step (int64 i, bool running, float[batch, 512] h, float[batch, 512] c, int64[batch] word)
        => (bool going, float[batch, 512] h_next, float[batch, 512] c_next, int64[batch] word_next, int64[batch] said)
    {
      [decoder_embed] x = Gather (embeddings, word)
      [attention_query] query = Unsqueeze (h, one)
      [attention_scores] scores = MatMul (query, keys_turned)
      [attention_weights] weights = Softmax <axis = -1> (scores)
      [attention_context] context = MatMul (weights, memory)
      [attention_squeeze] context_flat = Squeeze (context, one)
      [cell_input] x_context = Concat <axis = -1> (x, context_flat)
      [cell_from_input] gates_x = MatMul (x_context, input_weight)
      [cell_from_hidden] gates_h = MatMul (h, hidden_weight)
      [cell_add] gates_sum = Add (gates_x, gates_h)
      [cell_bias] gates = Add (gates_sum, gate_bias)
      [cell_split] gate_i, gate_f, gate_o, gate_c = Split <axis = -1, num_outputs = 4> (gates)
      [cell_i] i_gate = Sigmoid (gate_i)
      [cell_f] f_gate = Sigmoid (gate_f)
      [cell_o] o_gate = Sigmoid (gate_o)
      [cell_candidate] candidate = Tanh (gate_c)
      [cell_keep] kept = Mul (f_gate, c)
      [cell_write] written = Mul (i_gate, candidate)
      [cell_state] c_next = Add (kept, written)
      [cell_squash] squashed = Tanh (c_next)
      [cell_out] h_next = Mul (o_gate, squashed)
      [head_project] logits = MatMul (h_next, out_weight)
      [head_pick] word_next = ArgMax <axis = -1, keepdims = 0> (logits)
      [head_said] said = Identity (word_next)
      [head_ended] ended = Equal (word_next, end_word)
      [head_ended_int] ended_int = Cast <to = 6> (ended)
      [head_all] all_ended = ReduceMin <keepdims = 0> (ended_int)
      [head_all_bool] done = Cast <to = 9> (all_ended)
      [head_going] going = Not (done)
    }
  >
  [last] last_state = Identity (h_end)
}
"""


def step_of(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Nodes of the Loop's body."""
    (loop,) = (node for node in graph.node if node.op_type == "Loop")
    return list(loop.attribute[0].g.node)


def make_seq2seq() -> None:
    model = parser.parse_model(SEQ2SEQ)
    shapes = {
        "embeddings": [32000, 256], "encoder_W": [2, 1024, 256], "encoder_R": [2, 1024, 256], "encoder_B": [2, 2048],
        "bridge": [512, 512], "key": [512, 512], "input": [768, 2048], "hidden": [512, 2048], "gate_bias": [2048],
        "out": [512, 32000],
    }  # fmt: skip
    constants = {f"{name}_shape": shape for name, shape in shapes.items()}
    constants |= {"memory_shape": [0, 0, 512], "state_shape": [0, 512], "one": [1]}
    for name, values in constants.items():
        model.graph.initializer.append(onnx.helper.make_tensor(name, onnx.TensorProto.INT64, [len(values)], values))
    model.graph.initializer.append(onnx.helper.make_tensor("end_word", onnx.TensorProto.INT64, [], [2]))
    model.graph.initializer.append(onnx.helper.make_tensor("yes", onnx.TensorProto.BOOL, [], [True]))
    for node in [*model.graph.node, *step_of(model.graph)]:  # the text format knows no slashes in names
        node.name = node.name.replace("_", "/", 1)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, HERE / "seq2seq.onnx")


MAKERS = {"mixtral": make_mixtral, "unet": make_unet, "seq2seq": make_seq2seq}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        MAKERS[chosen]()
