"""Turns the figures of a run into Markdown and a picture."""
import cases


def human(seconds):
    if seconds is None:
        return "–"
    for unit, scale in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def times(a, b):
    return f"{a / b:.3g}×" if a and b else "–"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, r)) + " |" for r in rows])


def markdown(results, judged):
    m = results["machine"]
    title = {c.name: c.title for c in cases.BY_NAME.values()}
    parts = [
        "# Measurements",
        "Made by `make bench`; all sides in one run on one machine, least of several rounds (start-up: median).",
        f"{m['cpu']}, {m['cores']} cores · CPython {m['python']} · NumPy {m['numpy']} · Numba {m['numba']} · gcc {m['gcc']} -O3 -march=native -ffp-contract=off",
        "![first calls and run times beside Numba](results.svg)",
        "## Figures to reach",
        table(("what", "bar", "measured", ""), [(a, b, c, "met" if d else "**missed**") for a, b, c, d in judged]),
        "## Start-up, in fresh processes, beyond NumPy's import",
        table(("", "hotloop", "Numba", "ratio"),
              [(text, human(results["start"]["hotloop"][key]), human(results["start"]["numba"][key]),
                times(results["start"]["numba"][key], results["start"]["hotloop"][key]))
               for key, text in (("import", "import"), ("import_and_call", "import and first call of the 2-D sum"))]),
        "## First call beyond a warm one (LLVM loaded, a fresh process each)",
        table(("program", "hotloop", "Numba", "ratio"),
              [(title[n], human(r.get("hotloop")), human(r.get("numba")), times(r.get("numba"), r.get("hotloop")))
               for n, r in results["first"].items()]),
        "## A call from Python",
        table(("call", "hotloop", "Numba", "CPython", "Numba / hotloop"),
              [(t, *(human(results["overhead"][n].get(s)) for s in ("hotloop", "numba", "python")),
                times(results["overhead"][n].get("numba"), results["overhead"][n].get("hotloop")))
               for n, t, *_ in cases.OVERHEAD]),
        "## Warm",
        table(("program", "hotloop", "Numba", "C", "CPython, NumPy", "Numba / hotloop", "hotloop / C"),
              [(title[n], *(human(r.get(s)) for s in ("hotloop", "numba", "c", "python")),
                times(r.get("numba"), r.get("hotloop")), times(r.get("hotloop"), r.get("c")))
               for n, r in results["warm"].items()]),
        "## Largest error, ULP (references: cases.py)",
        accuracy(results),
        "## Sigmoid over slices of 8·10⁶, `nogil=True`, in a ThreadPoolExecutor",
        table(("", "1 thread", "2 threads", "faster"),
              [(side, human(t["1"]), human(t["2"]), times(t["1"], t["2"]))
               for side, t in results["threads"].items() if t]),
    ]
    if results.get("error"):
        parts += ["## Error of a wrong program of 50 lines",
                  table(("hotloop", "Numba", "ratio"), [(*(human(results["error"][s]) for s in ("hotloop", "numba")),
                                                         times(results["error"]["numba"], results["error"]["hotloop"]))])]
    if results.get("first_error"):
        parts += ["## The same in a fresh process, behind the import",
                  table(("hotloop", "Numba", "ratio"), [(*(human(results["first_error"][s]) for s in ("hotloop", "numba")),
                                                         times(results["first_error"]["numba"], results["first_error"]["hotloop"]))])]
    if results.get("safety"):
        rows = list(dict.fromkeys(name for found in results["safety"].values() for name in found))
        parts += ["## Safety: time with it over time without, in one process, taking turns",
                  table(("program", *results["safety"]), [(n, *("–" if r is None else f"{r:.3f}" for r in (found.get(n) for found in results["safety"].values())))
                                                          for n in rows])]
    if results.get("dask"):
        parts += ["## Gufuncs over 10⁸ items: one core without Dask, all cores with it",
                  table(("", "", "bare", "gufunc(array)", "faster", "array.map_blocks(gufunc)", "faster"),
                        [(DASK[name], side, human(t["bare"]), *(text for way in ("applied", "blocks") for text in (human(t[way]), times(t["bare"], t[way]))))
                         for name in DASK for side, found in results["dask"].items() if (t := (found or {}).get(name))]),
                  "Applied to the array itself, a gufunc gets a copy of each chunk (Dask's `apply_gufunc` joins the chunks of core dimensions, also "
                  "when there is one). `map_blocks` copies none as long as all dimensions stay, so the log-sum-exp is asked for with `keepdims=True`. The mean runs at the speed of memory, and allocating and copying the results takes as long again."]
    if results.get("npbench"):
        parts += ["## NPBench", "See [npbench.md](npbench.md)."]
    return "\n\n".join(parts) + "\n"


DASK = {"logsumexp": "log-sum-exp of rows of 1,000 float32, `(n)->()`", "mean": "3×3 mean of int8 pixels, `(n,m)->(n,m)`"}


def accuracy(results):
    rows = []
    for name, *_ in cases.ACCURACY:
        row = [name]
        for key in ("accuracy", "accuracy_fast"):
            for side in ("hotloop", "numba"):
                error = (results[key][side] or {}).get(name)
                row.append("–" if error is None else f"{error:.3g}")
        rows.append(row)
    return table(("", "hotloop", "Numba", "hotloop, fastmath", "Numba, fastmath"), rows)


def picture(results, path):
    """Two panels: how many times shorter than Numba's the first call and a warm call are."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "hotloop"
    import matplotlib.pyplot as plt

    panels = []
    for key, text in (("first", "first call"), ("warm", "warm call")):
        rows = [(cases.BY_NAME[n].title, r["numba"] / r["hotloop"]) for n, r in results[key].items() if r.get("numba") and r.get("hotloop")]
        panels.append((text, rows))
    figure, axes = plt.subplots(1, 2, figsize=(13, 0.32 * max(len(r) for _, r in panels) + 1.2), layout="constrained")
    for axis, (text, rows) in zip(axes, panels):
        names, ratios = zip(*reversed(rows)) if rows else ((), ())
        axis.barh(names, ratios, color=["#2a78b5" if r >= 1 else "#c44e52" for r in ratios], height=0.7)
        axis.set_xscale("log")
        axis.axvline(1, color="black", linewidth=0.8)
        axis.set_title(f"{text}: Numba's time / hotloop's")
        axis.spines[["top", "right"]].set_visible(False)
        for y, r in enumerate(ratios):
            axis.text(r, y, f" {r:.3g}×", va="center", fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
