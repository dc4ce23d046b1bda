"""Make ``models/repeater.onnx``, a transformer whose attention can be read with the naked eye, and its tokenizer.

Run once by hand; the results are kept in ``examples/models``. Needs: pip install torch onnxscript

It is trained on lines of random words, of which the second half repeats the first. To tell the next word in the second
half it has to find where the last word stood before and look one further: its heads learn to look at the word before
(first layer) and at what followed the same word earlier (second layer), known as an induction head.
"""

from __future__ import annotations

import json
import math

import onnx_ir as ir
import torch
from make_models import ROOT, export
from torch import nn

LEXICON = (
    "a and apple bird blue book boat bread car cat cloud corn door dog dream fire fish fox garden green hat hill home"
    " horse house ice in is jam king lake lamp leaf light lion man map milk moon moss mouse night of old on owl"
    " pear pen rain red river road rose sail salt sand sea ship sky snow song star stone sun table tea the tree"
    " under wind wolf yellow"
)
WORDS = LEXICON.split()
VOCABULARY = ["[UNK]", *WORDS]
WIDTH, HEADS, LAYERS, LONGEST = 48, 2, 2, 32


class Attention(nn.Module):
    """Causal attention, written out so that the weights of every head are a tensor of the graph."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """[batch, seq, width] to the same."""
        q, k, v = (layer(x).unflatten(-1, (HEADS, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value))
        scores = q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
        weights = scores.masked_fill(mask, -1e9).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and a small MLP around residual connections."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Same shape in and out."""
        x = x + self.attention(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


class Repeater(nn.Module):
    """A decoder of two layers with two heads each."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(len(VOCABULARY), WIDTH)
        self.places = nn.Embedding(LONGEST, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, len(VOCABULARY), bias=False)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Logits [batch, seq, vocabulary] of the next word."""
        length = input_ids.shape[1]
        places = torch.arange(length, device=input_ids.device)
        x = self.words(input_ids) + self.places(places)
        mask = places[None, :] > places[:, None]
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.norm(x))


def lines(batch: int) -> torch.Tensor:
    """Ids [batch, 2 n] whose second half repeats the first."""
    length = int(torch.randint(4, LONGEST // 2 + 1, ()))
    half = torch.stack([torch.randperm(len(WORDS))[:length] + 1 for _ in range(batch)])
    return torch.cat([half, half], 1)


def train(steps: int = 3000) -> nn.Module:
    """Train for half a minute, printing how often the repeated half is told right."""
    torch.manual_seed(0)
    model = Repeater()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for step in range(steps):
        ids = lines(32)
        half = ids.shape[1] // 2
        logits = model(ids[:, :-1])[:, half:]
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, half + 1 :].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 500 == 0 or step == steps - 1:
            right = (logits.argmax(-1) == ids[:, half + 1 :]).float().mean()
            print(f"step {step}: {right:.3f} of the repeated words", flush=True)
    return model.eval()


def tokenizer() -> dict:
    """A tokenizer of whole words in the format of Hugging Face's ``tokenizers``."""
    vocabulary = {word: number for number, word in enumerate(VOCABULARY)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }


def main() -> None:
    torch.set_num_threads(1)
    model = train()
    path = ROOT / "models/repeater.onnx"
    ir.save(
        export(model, {"input_ids": torch.ones(2, 16, dtype=torch.int64)}, {"input_ids": {0: "batch", 1: "seq"}}, path),
        path,
    )
    (ROOT / "models/repeater_tokenizer.json").write_text(json.dumps(tokenizer(), indent=1) + "\n")


if __name__ == "__main__":
    main()
