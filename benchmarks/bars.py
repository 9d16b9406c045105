"""The figures that are to be reached, and whether a run reached them."""
import math

#: Two runs of the same machine code differ by this much.
NOISE = 0.02


def ratio(a, b):
    return None if not a or not b else a / b


def geomean(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


class Judge:
    def __init__(self, results):
        self.results = results
        self.rows = []   # (what, bar, measured, met)

    def at_most(self, what, value, limit, text, show="{:.3g}"):
        self.rows.append((what, text, "not measured" if value is None else show.format(value), value is not None and value <= limit))

    def at_least(self, what, value, limit, text, show="{:.3g}"):
        self.rows.append((what, text, "not measured" if value is None else show.format(value), value is not None and value >= limit))

    def first(self, name, part):
        row = self.results["first"].get(name, {})
        share = ratio(row.get("numba"), row.get("hotloop"))
        self.at_least(f"first call of {name}", share, part, f"≤ 1/{part} of Numba's", "1/{:.0f}")

    def warm(self, name, a, b):
        row = self.results["warm"].get(name, {})
        return ratio(row.get(a), row.get(b))


def judge(results):
    """Rows (what, bar, measured, met)."""
    j = Judge(results)
    start, over = results["start"], results["overhead"]
    j.at_least("import beyond NumPy's", ratio(start["numba"]["import"], start["hotloop"]["import"]), 15, "≤ 1/15 of Numba's", "1/{:.0f}")
    whole = start["hotloop"]["import_and_call"]
    j.at_most("fresh process: import and first call of the 2-D sum", whole and whole * 1e3, 60, "≤ 60 ms beyond NumPy's import", "{:.0f} ms")
    j.at_least("the same", ratio(start["numba"]["import_and_call"], whole), 8, "≤ 1/8 of Numba's", "1/{:.0f}")
    for name in ("hypot", "sum2d", "mandelbrot", "list_loop", "list_comprehension"):
        j.first(name, 15)
    for name in ("conv_slices", "maxpool_slices"):
        j.first(name, 50)
    j.first("statistics", 60)
    j.first("stencil", 25)
    j.first("ufunc_density", 10)
    for name, title in (("add", "call of add(1, 2)"), ("one_array", "call with one array")):
        j.at_least(title, ratio(over[name].get("numba"), over[name].get("hotloop")), 3, "≤ 1/3 of Numba's", "1/{:.2g}")
    for name in ("list_loop", "list_comprehension"):
        j.at_least(f"{name}", j.warm(name, "numba", "hotloop"), 20, "≥ 20× Numba", "{:.3g}×")
        j.at_least(f"{name}", j.warm(name, "python", "hotloop"), 1, "faster than CPython", "{:.3g}×")
    j.at_most("np.zeros(20,000,000), one write", j.warm("zeros", "hotloop", "python"), 3, "within 3× of NumPy", "{:.3g}×")
    for name in ("exp_sum", "sigmoid", "gaussian"):
        j.at_least(name, j.warm(name, "numba", "hotloop"), 4, "≥ 4× Numba", "{:.3g}×")
    for key, limit, text in (("accuracy", 1, "≤ 1 ULP"), ("accuracy_fast", 4, "≤ 4 ULP with fastmath")):
        for name in ("exp in a loop", "np.exp of an array"):
            j.at_most(name, (results[key]["hotloop"] or {}).get(name), limit, text, "{:.3g} ULP")
    for name in ("conv_loops", "conv_slices", "maxpool_loops", "maxpool_slices", "mandelbrot", "sum2d"):
        j.at_least(name, j.warm(name, "numba", "hotloop"), 1 - NOISE, "never slower than Numba", "{:.3g}×")
    for name in ("conv_loops", "maxpool_loops", "mandelbrot", "sum2d"):
        j.at_most(name, j.warm(name, "hotloop", "c"), 1.05, "≤ 1.05× the C twin", "{:.3g}×")
    for name in ("stencil", "stencil_loop"):
        j.at_least(name, j.warm(name, "numba", "hotloop"), 1, "never slower than Numba", "{:.3g}×")
    j.at_least("stencil", j.warm("stencil", "python", "hotloop"), 1, "never slower than scipy.ndimage.uniform_filter", "{:.3g}×")
    j.at_most("stencil", j.warm("stencil", "hotloop", "c"), 1.05, "≤ 1.05× the C twin", "{:.3g}×")
    judge_ufuncs(j, over.get("ufunc_one", {}))
    judge_dask(j, results)
    judge_gradual(j, results)
    warm = results["warm"]
    for slices, loops in (("conv_slices", "conv_loops"), ("maxpool_slices", "maxpool_loops")):
        value = ratio(warm.get(slices, {}).get("hotloop"), warm.get(loops, {}).get("hotloop"))
        j.at_most(slices, value, 1.5, "within 1.5× of the loop form", "{:.3g}×")
    flat = results["flat"]["hotloop"] or {}
    j.at_most("resident memory over 10⁶ calls", flat.get("calls"), 2, "flat", "{:+.1f} MB")
    j.at_most("resident memory over 10³ dropped closures", flat.get("closures"), 4, "flat", "{:+.1f} MB")
    judge_npbench(j, results.get("npbench"))
    judge_safety(j, results)
    return j.rows


def judge_safety(j, results):
    """What each safety costs: time with it over time without."""
    safety, error = results.get("safety") or {}, (results.get("first_error") or {}).get("hotloop")
    for name, title, mean, worst in (("bounds", "range checks", 1.05, 1.25), ("interrupts", "interrupts", 1.01, None), ("overflow", "overflow=\"raise\"", 1.15, None)):
        ratios = list(safety.get(name, {}).values())
        j.at_most(f"{title}: geometric mean", geomean(ratios), mean, f"≤ {mean}", "{:.3f}")
        if worst:
            j.at_most(f"{title}: the worst program", max(ratios, default=None), worst, f"≤ {worst}", "{:.3f}")
    found = [k["hotloop"]["checks"] for k in (results.get("npbench") or {}).get("kernels", {}).values() if "checks" in k.get("hotloop", {})]
    j.at_most("range checks in NPBench S: geometric mean", geomean(found), 1.05, "≤ 1.05", "{:.3f}")
    j.at_most("range checks in NPBench S: the worst kernel", max(found, default=None), 1.25, "≤ 1.25", "{:.3f}")
    beside_c = [ratio(row.get("hotloop"), row.get("c")) for row in results["warm"].values()]
    j.at_most("C twins without checks: geometric mean", geomean(beside_c), 1.1, "≤ 1.1", "{:.3f}")
    j.at_most("first error in a fresh process, import not included", error and error * 1e3, 20, "≤ 20 ms", "{:.3g} ms")


def judge_ufuncs(j, one):
    j.at_most("ufunc_add", j.warm("ufunc_add", "hotloop", "python"), 1.1, "≤ 1.1× np.add", "{:.3g}×")
    j.at_least("ufunc_add", j.warm("ufunc_add", "numba", "hotloop"), 1 - NOISE, "never slower than Numba", "{:.3g}×")
    j.at_least("ufunc_density", j.warm("ufunc_density", "numba", "hotloop"), 4, "≥ 4× Numba", "{:.3g}×")
    j.at_least("ufunc_density", j.warm("ufunc_density", "python", "hotloop"), 1, "never slower than NumPy's expression", "{:.3g}×")
    j.at_most("ufunc call with one item", ratio(one.get("hotloop"), one.get("python")), 1.2, "≤ 1.2× np.add", "{:.3g}×")
    j.at_most("gufunc", j.warm("gufunc", "hotloop", "c"), 1.05, "≤ 1.05× the C twin", "{:.3g}×")


def judge_gradual(j, results):
    item, error = results["overhead"].get("object_item", {}), results.get("error") or {}
    j.at_most("d['house'] of a dict, bare @jit", ratio(item.get("hotloop"), item.get("python")), 3, "≤ 3× CPython", "{:.3g}×")
    j.at_least("beside_a_dict", j.warm("beside_a_dict", "python", "hotloop"), 50, "≥ 50× CPython", "{:.3g}×")
    j.at_most("error of a wrong program of 50 lines", error.get("hotloop") and error["hotloop"] * 1e3, 20, "≤ 20 ms", "{:.3g} ms")


def judge_dask(j, results):
    times, cores = ((results.get("dask") or {}).get("hotloop") or {}).get("logsumexp", {}), results["machine"]["cores"]
    j.at_least(f"gufunc over a Dask array of 10⁸ items (map_blocks), {cores} cores", ratio(times.get("bare"), times.get("blocks")), 0.9 * cores,
               f"≥ {0.9 * cores:.3g}× one core without Dask", "{:.3g}×")


def judge_npbench(j, found):
    kernels = (found or {}).get("kernels", {})
    right = [k for k, v in kernels.items() if v.get("hotloop", {}).get("right")]
    j.at_least("NPBench S: kernels that run and are right", len(right) if kernels else None, 30, "≥ 30", "{:.0f}")
    both = [kernels[k] for k in right if kernels[k].get("numba", {}).get("right")]
    j.at_least("NPBench S: first call, geometric mean", geomean([ratio(v["numba"]["compile"], v["hotloop"]["compile"]) for v in both]),
               40, "≤ 1/40 of Numba's", "1/{:.0f}")
    worst = max((v["hotloop"]["warm"] / v["numba"]["warm"] for v in both), default=None)
    j.at_most("NPBench S: run time, the worst kernel", worst, 1.05, "never > 1.05× Numba's", "{:.3g}×")
