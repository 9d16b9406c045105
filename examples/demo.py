"""The example programs on photographs: CPython beside hotloop.

    make demo

Each program runs whole on both sides with the same input.  The table shows the seconds of CPython, of hotloop's first
call (compilation included), of a later call, their ratio, and whether both gave the same answer.  Pictures are written
to demo-output/.
"""
import argparse
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
from PIL import Image

import programs

CPYTHON = lambda function: function  # noqa: E731


@dataclass
class Demo:
    """A program, its input, and what to draw.

    make    decorator → function
    args    () → fresh arguments
    answer  (result, arguments) → the array or value that both sides must agree on
    picture answer → image, or None
    rtol    allowed relative difference (sums in another order)
    """

    title: str
    make: Callable
    args: Callable
    answer: Callable = lambda result, args: result
    picture: Callable = None
    name: str = ""
    rtol: float = 0.0
    seconds: dict = field(default_factory=dict)
    same: bool = False


def photographs():
    """Two photographs that ship with scikit-learn: china.jpg and flower.jpg, (427, 640, 3) uint8."""
    from sklearn.datasets import load_sample_image
    return load_sample_image("china.jpg"), load_sample_image("flower.jpg")


def planes(photo, dtype=np.float32):
    """(1, 3, height, width), values 0 … 1."""
    return np.ascontiguousarray(photo.transpose(2, 0, 1)[None]).astype(dtype) / dtype(255)


def filters():
    """Two 5×5 filters for three colours: edges and emboss."""
    edges = -np.ones((5, 5), np.float32)
    edges[2, 2] = 24
    emboss = np.fromfunction(lambda i, j: (i + j - 4) / 10, (5, 5)).astype(np.float32)
    return np.stack([np.stack([w / 3] * 3) for w in (edges, emboss)])


def conv_output(x, w):
    return np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1), np.float32)


def convolved(rs):
    """Edges above emboss, as grey images."""
    edges = np.clip(np.abs(rs[0, 0]) / 4, 0, 1)
    emboss = np.clip(rs[0, 1] / 4 + 0.5, 0, 1)
    return (np.concatenate([edges, emboss]) * 255).astype(np.uint8)


def in_threads(kernel_of):
    """The sigmoid kernel over slices of a flat array, in a pool of threads."""
    def make(jit):
        kernel = kernel_of(jit)

        def run(x, out):
            step = len(x) // 8 + 1
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda k: kernel(x[k:k + step], out[k:k + step]), range(0, len(x), step)))

        return run
    return make


def calls(jit):
    """hypot, called from Python for every pair."""
    hypot = jit(programs.hypot)

    def run(pairs):
        return [hypot(x, y) for x, y in pairs]

    return run


def plain(function):
    return lambda jit: jit(function)


def heat(a):
    """Grey values as a palette from black over red to white."""
    a = a.astype(np.float64)
    return (np.stack([np.clip(a * 3, 0, 255), np.clip(a * 3 - 255, 0, 255), np.clip(a * 3 - 510, 0, 255)], -1)).astype(np.uint8)


def demos():
    china, flower = photographs()
    grey = china.mean(axis=2)
    brightness = (flower.mean(axis=2) / 255).ravel()[:100_000].tolist()
    x, w = planes(china), filters()
    third = np.ascontiguousarray(x[..., ::3, ::3])
    contrast = (grey / 255 * 12 - 6).ravel()
    pairs = [(float(a) + 1, float(b)) for a, b in zip(china[..., 0].ravel()[:200_000], china[..., 1].ravel()[:200_000])]
    rng = np.random.default_rng(0)
    polar = [rng.random(100_000) for _ in range(4)]
    argument = lambda k: lambda result, args: args[k]  # noqa: E731
    rgb = lambda rs: (rs[0].transpose(1, 2, 0) * 255).astype(np.uint8)  # noqa: E731

    return [
        Demo("list in, list out: loop", plain(programs.add_loop), lambda: (list(brightness), 0.1)),
        Demo("list in, list out: comprehension", plain(programs.add_comprehension), lambda: (list(brightness), 0.1)),
        Demo("sigmoid of a photograph, 4 threads", in_threads(lambda jit: (jit(nogil=True) if jit is not CPYTHON else jit)(programs.sigmoid)),
             lambda: (contrast, np.zeros_like(contrast)), argument(1),
             lambda a: (a.reshape(grey.shape) * 255).astype(np.uint8), "contrast", 1e-14),
        Demo("convolution, 7 loops (142×212 pixels)", plain(programs.conv_loops), lambda: (third, w, conv_output(third, w)), argument(2),
             convolved, "convolution-small", 1e-4),
        Demo("convolution, np.sum of slices", plain(programs.conv_slices), lambda: (x, w, conv_output(x, w)), argument(2),
             convolved, "convolution", 1e-4),
        Demo("max-pooling, 6 loops", plain(programs.maxpool_loops), lambda: (x, np.zeros((1, 3, 106, 160), np.float32), 4), argument(1), rgb, "pooled"),
        Demo("max-pooling, np.max of slices", plain(programs.maxpool_slices), lambda: (x, np.zeros((1, 3, 106, 160), np.float32), 4), argument(1)),
        Demo("200,000 calls of hypot from Python", calls, lambda: (pairs,)),
        Demo("Mandelbrot, 512×768", programs.fractal, lambda: (-2.0, 1.0, -1.0, 1.0, np.zeros((512, 768), np.uint8), 20),
             picture=lambda a: heat(np.where(a == 255, 0, a * 12)), name="mandelbrot"),
        Demo("sum over a photograph", plain(programs.sum2d), lambda: (grey,)),
        Demo("sum of two photographs", plain(programs.add_matrices), lambda: (grey, flower.mean(axis=2), np.zeros(grey.shape)), argument(2),
             lambda a: (a / 2).astype(np.uint8), "blend"),
        Demo("3×3 mean of a photograph", plain(programs.smooth), lambda: (china[..., 1], np.zeros(grey.shape, np.uint8)), argument(1),
             lambda a: a, "smooth"),
        Demo("100,000 distances in polar coordinates", programs.polar_distances, lambda: (*polar, np.zeros(100_000)), argument(4), rtol=1e-12),
        Demo("np.exp(a).sum() of 10⁶", plain(programs.exp_sum), lambda: (np.linspace(0, 1, 10**6),), rtol=1e-12),
        Demo("np.zeros(20,000,000), one write", plain(programs.lazy_zeros), lambda: (20_000_000,), lambda r, a: r[:1000]),
    ]


def timed(function, args):
    start = time.perf_counter()
    result = function(*args)
    return result, time.perf_counter() - start


def run(demo, jit):
    """Runs both sides and fills in seconds and same."""
    plain_function = demo.make(CPYTHON)
    args = demo.args()
    result, once = timed(plain_function, args)
    demo.seconds["CPython"] = once if once > 0.2 else min(timed(plain_function, demo.args())[1] for _ in range(5))
    want = demo.answer(result, args)
    compiled = demo.make(jit)
    args = demo.args()
    result, demo.seconds["first"] = timed(compiled, args)
    got = demo.answer(result, args)
    demo.same = bool(np.shape(got) == np.shape(want) and (
        np.allclose(got, want, rtol=demo.rtol, atol=demo.rtol) if demo.rtol else np.array_equal(got, want)))
    warm = []
    for _ in range(5):
        warm.append(timed(compiled, demo.args())[1])
    demo.seconds["warm"] = min(warm)
    return got


def human(seconds):
    for unit, scale in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def table(demos):
    rows = [("program", "CPython", "hotloop first call", "hotloop warm", "times faster", "same answer")]
    for d in demos:
        s = d.seconds
        rows.append((d.title, human(s["CPython"]), human(s["first"]), human(s["warm"]),
                     f"{s['CPython'] / s['warm']:,.3g}×" if s["CPython"] < 1000 * s["warm"] else f"{s['CPython'] / s['warm']:,.0f}×",
                     "yes" if d.same else "NO"))
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(n) if k == 0 else cell.rjust(n) for k, (cell, n) in enumerate(zip(r, widths))) for r in rows]
    lines.insert(1, "  ".join("-" * n for n in widths))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("demo-output"))
    options = parser.parse_args()
    start = time.perf_counter()
    import hotloop
    print(f"import hotloop: {human(time.perf_counter() - start)} beyond NumPy", flush=True)
    options.output.mkdir(exist_ok=True)
    pictures = 0
    todo = demos()
    for number, demo in enumerate(todo, 1):
        print(f"[{number:2}/{len(todo)}] {demo.title} … ", end="", flush=True)
        answer = run(demo, hotloop.njit)
        if demo.picture and demo.name:
            Image.fromarray(demo.picture(answer)).save(options.output / f"{demo.name}.png")
            pictures += 1
        print(f"{human(demo.seconds['CPython'])} → {human(demo.seconds['warm'])}", flush=True)
    text = table(todo)
    print(f"\n{text}\n\n{pictures} pictures are in {options.output}/. The first program's first call loads LLVM.")
    (options.output / "table.txt").write_text(text + "\n")
    wrong = [d.title for d in todo if not d.same]
    if wrong:
        print("different answers: " + ", ".join(wrong), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
