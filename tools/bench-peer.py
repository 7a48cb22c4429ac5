"""What tools/bench runs in PyTorch: one measurement, in a process of its own, printed as one line of JSON.

    python bench-peer.py train|score|sample|peak MODEL_JSON SECONDS THREADS

The model is written as PyTorch's own documentation and examples write it: torch.nn modules, clip_grad_norm_, the fused
optimizers, gradients set to None, inference_mode where nothing is learned. Steps that warm up are not timed.
"""

import json
import sys
import time

import torch
from torch import nn


class LanguageModel(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.encoder = nn.Embedding(spec["vocabulary"], spec["embedding"])
        cell = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}[spec["cell"]]
        self.rnn = cell(spec["embedding"], spec["hidden"], spec["layers"])
        self.decoder = nn.Linear(spec["hidden"], spec["vocabulary"])

    def forward(self, tokens, state):
        outputs, state = self.rnn(self.encoder(tokens), state)
        return self.decoder(outputs), state


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def text(spec, count, batch, length):
    """`count` windows, (length + 1, batch) each, with frequencies as in language (Zipf): those of the text that rnntool reads."""
    frequencies = 1 / (torch.arange(spec["vocabulary"]) + 2.7)
    frequencies = frequencies[torch.randperm(spec["vocabulary"])]
    return torch.multinomial(frequencies, count * (length + 1) * batch, replacement=True).view(count, length + 1, batch)


def timed(step, seconds, warm_up):
    """Calls `step` until the time is up; the seconds a call took, and how many there were."""
    for _ in range(warm_up):
        step()
    start = time.perf_counter()
    count = 0
    while True:
        step()
        count += 1
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return elapsed / count, count


def optimizer_of(spec, parameters):
    # Both are the quickest of PyTorch's implementations (for-loop, foreach, fused) on a CPU.
    if spec["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, lr=0.1, fused=True)
    return torch.optim.Adam(parameters, lr=1e-3, fused=True)


def train(spec, seconds):
    batch, length, vocabulary = spec["batch"], spec["length"], spec["vocabulary"]
    model = LanguageModel(spec)
    optimizer = optimizer_of(spec, model.parameters())
    criterion = nn.CrossEntropyLoss()
    windows = text(spec, 16, batch, length)
    state, index, losses = None, 0, []

    def step():
        nonlocal state, index
        tokens = windows[index % len(windows)]
        index += 1
        optimizer.zero_grad(set_to_none=True)
        logits, state = model(tokens[:-1], state)
        loss = criterion(logits.view(-1, vocabulary), tokens[1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        state = detached(state)
        losses.append(loss.item())

    mean, count = timed(step, seconds, warm_up=3)
    return {"tokens_per_second": batch * length / mean, "updates": count, "loss": losses[-1]}


def score(spec, seconds):
    batch, length, vocabulary = spec["score_batch"], spec["score_length"], spec["vocabulary"]
    model = LanguageModel(spec).eval()
    criterion = nn.CrossEntropyLoss(reduction="sum")
    windows = text(spec, 16, batch, length)
    state, index, total = None, 0, 0.0

    def step():
        nonlocal state, index, total
        tokens = windows[index % len(windows)]
        index += 1
        logits, state = model(tokens[:-1], state)
        total += criterion(logits.view(-1, vocabulary), tokens[1:].reshape(-1)).item()

    with torch.inference_mode():
        mean, count = timed(step, seconds, warm_up=3)
    return {"tokens_per_second": batch * length / mean, "windows": count}


def sample(spec, seconds):
    model = LanguageModel(spec).eval()
    token, state = torch.zeros(1, 1, dtype=torch.long), None
    drawn = []

    def step():
        nonlocal token, state
        logits, state = model(token, state)
        token = torch.multinomial(torch.softmax(logits.view(-1), 0), 1).view(1, 1)
        drawn.append(token.item())

    with torch.inference_mode():
        mean, count = timed(step, seconds, warm_up=20)
    return {"tokens_per_second": 1 / mean, "tokens": count}


def peak(spec, seconds):
    size = spec["size"]
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        before = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - before)
    return {"gflops": 2 * size**3 / best / 1e9}


def main():
    task, spec, seconds, threads = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    result = {"train": train, "score": score, "sample": sample, "peak": peak}[task](spec, seconds)
    print(json.dumps(result | {"version": torch.__version__}))


main()
