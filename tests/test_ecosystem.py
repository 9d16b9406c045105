"""Compiled functions in the libraries that people put them into: Dask (threads, processes, distributed workers), joblib, cloudpickle,
xarray, pandas, notebooks.  Each test needs its library and is skipped without it; `make test` installs them all."""
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import hotloop
from hotloop import guvectorize, njit, stencil, vectorize

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@njit
def smooth(x):
    out = x.copy()
    for i in range(1, x.shape[0] - 1):
        for j in range(1, x.shape[1] - 1):
            out[i, j] = (x[i - 1, j] + x[i + 1, j] + x[i, j - 1] + x[i, j + 1]) / 4
    return out


@vectorize
def difference(x, y):
    return abs(x - y) / (abs(x) + abs(y) + 1)


@vectorize(["float32(float32, float32)", "float64(float64, float64)"])
def eager_difference(x, y):
    return abs(x - y) / (abs(x) + abs(y) + 1)


@guvectorize(["(int8[:,:], int8[:,:])", "(float64[:,:], float64[:,:])"], "(n,m)->(n,m)")
def mean_of_nine(x, out):
    out[:] = 0
    for i in range(1, x.shape[0] - 1):
        for j in range(1, x.shape[1] - 1):
            out[i, j] = (x[i - 1, j - 1] + x[i - 1, j] + x[i - 1, j + 1] + x[i, j - 1] + x[i, j] + x[i, j + 1]
                         + x[i + 1, j - 1] + x[i + 1, j] + x[i + 1, j + 1]) // 9


def expected_mean(x):
    out = np.zeros_like(x)
    total = sum(np.roll(x.astype(int), (i, j), (-2, -1)) for i in (-1, 0, 1) for j in (-1, 0, 1))
    out[..., 1:-1, 1:-1] = (total // 9)[..., 1:-1, 1:-1]
    return out


@guvectorize(["(float64[:], float64[:])"], "(n)->()")
def spread(row, out):
    out[0] = row.max() - row.min()


@stencil("nearest")
def cross(a):
    return (a[-1, 0] + a[1, 0] + a[0, -1] + a[0, 1]) / 4


@njit
def smooth_by_stencil(a, rounds):
    for _ in range(rounds):
        a = cross(a)
    return a


UFUNCS = pytest.mark.parametrize("ufunc", [difference, eager_difference], ids=["lazy", "eager"])


def expected_difference(x, y):
    return np.abs(x - y) / (np.abs(x) + np.abs(y) + 1)


@pytest.fixture
def image():
    return np.random.default_rng(1).random((120, 150))


# --- Dask ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def da():
    return pytest.importorskip("dask.array")


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            yield client


SCHEDULERS = pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])


@SCHEDULERS
def test_dask_map_blocks(da, image, scheduler):
    x = da.from_array(image, chunks=(60, 50))
    got = x.map_blocks(smooth).compute(scheduler=scheduler, num_workers=2)
    want = np.block([[smooth(image[i:i + 60, j:j + 50]) for j in range(0, 150, 50)] for i in range(0, 120, 60)])
    np.testing.assert_array_equal(got, want)


def test_dask_map_overlap(da, image):
    x = da.from_array(image, chunks=(60, 50))
    got = x.map_overlap(smooth, depth=1, boundary="none").compute(scheduler="threads", num_workers=2)
    np.testing.assert_array_equal(got, smooth(image))


@pytest.mark.parametrize("scheduler, ufunc", [("threads", difference), ("threads", eager_difference), ("processes", difference)],
                         ids=["threads-lazy", "threads-eager", "processes-lazy"])
def test_ufunc_of_dask_arrays(da, image, scheduler, ufunc):
    x = da.from_array(image, chunks=(60, 50))
    lazy = ufunc(x, x.T[:50, :120].mean())
    assert isinstance(lazy, da.Array) and lazy.dtype == np.float64
    np.testing.assert_allclose(lazy.compute(scheduler=scheduler, num_workers=2), expected_difference(image, image.T[:50, :120].mean()))


@UFUNCS
def test_ufunc_of_dask_arrays_keeps_dtype(da, image, ufunc):
    x = da.from_array(image.astype(np.float32), chunks=60)
    got = ufunc(x, x[::-1])
    assert got.dtype == np.float32 and got.compute().dtype == np.float32


@SCHEDULERS
@pytest.mark.parametrize("rounds", [1, 3])
def test_stencil_in_map_overlap(da, image, scheduler, rounds):
    x = da.from_array(image, chunks=(60, 50))
    got = x.map_overlap(smooth_by_stencil, depth=rounds, boundary="none", dtype=float, rounds=rounds).compute(scheduler=scheduler, num_workers=2)
    np.testing.assert_allclose(got, smooth_by_stencil(image, rounds), rtol=1e-15)


def test_stencil_in_map_blocks(da, image):
    x = da.from_array(image, chunks=(60, 50))
    want = np.block([[cross(image[i:i + 60, j:j + 50]) for j in range(0, 150, 50)] for i in range(0, 120, 60)])
    np.testing.assert_allclose(x.map_blocks(cross, dtype=float).compute(), want, rtol=1e-15)


@pytest.fixture
def pixels():
    return np.random.default_rng(2).integers(-128, 128, (6, 40, 50), dtype=np.int8)


@SCHEDULERS
def test_gufunc_of_dask_arrays(da, pixels, scheduler):
    lazy = mean_of_nine(da.from_array(pixels, chunks=(2, 40, 50)))
    assert isinstance(lazy, da.Array) and lazy.dtype == np.int8
    np.testing.assert_array_equal(lazy.compute(scheduler=scheduler, num_workers=2), expected_mean(pixels))


def test_gufunc_of_dask_arrays_with_core_dimensions_in_chunks(da, pixels):
    with pytest.raises(ValueError, match="(?i)chunk"):
        mean_of_nine(da.from_array(pixels, chunks=(2, 20, 50)))


def test_dask_apply_gufunc(da, image):
    x = da.from_array(image, chunks=(60, 150))
    got = da.apply_gufunc(spread, "(n)->()", x, output_dtypes=float).compute()
    np.testing.assert_array_equal(got, np.ptp(image, axis=-1))


def test_gufunc_in_map_blocks(da, pixels):
    x = da.from_array(pixels, chunks=(3, 40, 50))
    np.testing.assert_array_equal(x.map_blocks(mean_of_nine, dtype=np.int8).compute(), expected_mean(pixels))


def compilations(function):
    return function._compilations, len(function.signatures)


def test_distributed_workers_compile_once(da, client, image):
    @njit
    def doubled(x):
        return x * 2 + 1

    x = da.from_array(np.tile(image, (4, 4)), chunks=(40, 50))
    got = client.compute(x.map_blocks(doubled, dtype=float)).result()
    np.testing.assert_array_equal(got, np.tile(image, (4, 4)) * 2 + 1)
    for compiled, signatures in client.run(compilations, doubled).values():
        assert compiled == signatures and compiled in (1, 2)  # chunks may arrive unaligned, which is a type of its own


@UFUNCS
def test_distributed_ufunc(da, client, image, ufunc):
    x = da.from_array(image, chunks=(60, 50))
    np.testing.assert_allclose(client.compute(ufunc(x, 0.5)).result(), expected_difference(image, 0.5))


def test_distributed_gufunc(da, client, pixels):
    x = da.from_array(pixels, chunks=(2, 40, 50))
    np.testing.assert_array_equal(client.compute(mean_of_nine(x)).result(), expected_mean(pixels))


def test_distributed_stencil(da, client, image):
    x = da.from_array(image, chunks=(60, 50))
    lazy = x.map_overlap(smooth_by_stencil, depth=2, boundary="none", dtype=float, rounds=2)
    np.testing.assert_allclose(client.compute(lazy).result(), smooth_by_stencil(image, 2), rtol=1e-15)
    np.testing.assert_array_equal(client.submit(cross, image).result(), cross(image))


def test_example_on_a_cluster(tmp_path):
    for library in ("distributed", "sklearn", "PIL"):
        pytest.importorskip(library)
    from PIL import Image
    from sklearn.datasets import load_sample_image
    examples = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples")
    out = run_python(tmp_path, os.path.join(examples, "stencil_dask.py"), "--scale", "1", "--rounds", "2", "--output", "smoothed.png")
    assert "100%" in out
    want = load_sample_image("china.jpg").astype(int)
    for _ in range(2):
        edged = np.pad(want, ((1, 1), (1, 1), (0, 0)), mode="edge")
        want = sum(edged[1 + i:428 + i, 1 + j:641 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)) // 9
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "smoothed.png")), want)


def test_distributed_submit_and_results(client, image):
    np.testing.assert_array_equal(client.submit(smooth, image).result(), smooth(image))
    offset = 2.5
    shifted = njit(lambda v: v + offset)
    assert client.gather(client.map(shifted, [1.0, 2.0, 3.0])) == [3.5, 4.5, 5.5]


def test_distributed_errors_come_back(client):
    @njit
    def item(a, k):
        return a[k]

    with pytest.raises(IndexError):
        client.submit(item, np.ones(3), 7).result()


# --- joblib and cloudpickle ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(image, backend):
    joblib = pytest.importorskip("joblib")
    got = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(smooth)(image * k) for k in range(3))
    for k in range(3):
        np.testing.assert_array_equal(got[k], smooth(image * k))


@UFUNCS
def test_joblib_ufunc(image, ufunc):
    joblib = pytest.importorskip("joblib")
    got = joblib.Parallel(n_jobs=2)(joblib.delayed(ufunc)(image, k) for k in (1.0, 2.0))
    np.testing.assert_allclose(got, [expected_difference(image, 1.0), expected_difference(image, 2.0)])


def test_joblib_memory_mapped(tmp_path):
    joblib = pytest.importorskip("joblib")
    big = np.ones((600, 700))  # joblib hands arrays above a size over as read-only memory maps
    got = joblib.Parallel(n_jobs=2, max_nbytes="100K", temp_folder=str(tmp_path))(joblib.delayed(smooth)(big) for _ in range(2))
    np.testing.assert_array_equal(got[1], smooth(big))


def test_cloudpickle_closures():
    cloudpickle = pytest.importorskip("cloudpickle")
    scale = 3.0

    @njit
    def inner(x):
        return x * scale

    @njit
    def outer(x):
        return inner(x) + 1

    ufunc = vectorize(lambda x: outer(x) + scale)
    again = cloudpickle.loads(cloudpickle.dumps({"f": outer, "u": ufunc}))
    assert again["f"](2.0) == 7.0
    np.testing.assert_array_equal(again["u"](np.arange(3.0)), np.arange(3.0) * 3 + 4)


MAIN = """
import numpy as np
from hotloop import njit, vectorize
LEVEL = 2.0

@njit
def above(x):
    return x > LEVEL

@vectorize
def clipped(x):
    return LEVEL if above(x) else x

"""
USES = {
    "joblib": "import joblib\nprint(joblib.Parallel(n_jobs=2)(joblib.delayed(clipped)(np.full(2, v)) for v in (1.0, 5.0)))",
    "distributed": """if __name__ == "__main__":
    from distributed import Client, LocalCluster
    with LocalCluster(n_workers=1, processes=True, dashboard_address=None) as cluster, Client(cluster) as client:
        print([client.submit(clipped, np.full(2, v)).result() for v in (1.0, 5.0)])""",
}


def run_python(tmp_path, *args, stdin=None):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [os.path.dirname(os.path.dirname(hotloop.__file__)), os.environ.get("PYTHONPATH")]))}
    run = subprocess.run([sys.executable, *args], input=stdin, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("library", sorted(USES))
def test_functions_of_main(tmp_path, library):
    pytest.importorskip(library)
    script = tmp_path / "program.py"
    script.write_text(MAIN + USES[library])
    assert "[array([1., 1.]), array([2., 2.])]" in run_python(tmp_path, str(script))


@pytest.mark.parametrize("library", sorted(USES))
def test_functions_of_a_notebook(tmp_path, library):
    pytest.importorskip(library)
    pytest.importorskip("IPython")
    cells = [MAIN, USES[library]]
    script = textwrap.dedent(f"""
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance(user_module=__import__("__main__"))
        for cell in {cells!r}:
            shell.run_cell(cell).raise_error()
        """)
    path = tmp_path / "kernel.py"  # started like a kernel: the functions' sources are in no file
    path.write_text(f"if __name__ == '__main__':\n{textwrap.indent(script, '    ')}")
    assert "[array([1., 1.]), array([2., 2.])]" in run_python(tmp_path, str(path))


# --- xarray ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def xr():
    return pytest.importorskip("xarray")


@UFUNCS
def test_xarray_ufunc(xr, image, ufunc):
    x = xr.DataArray(image, dims=("y", "x"), coords={"y": np.arange(120)})
    got = ufunc(x, x.isel(x=0))
    assert isinstance(got, xr.DataArray) and got.dims == ("y", "x") and "y" in got.coords
    np.testing.assert_allclose(got.values, expected_difference(image, image[:, :1]))


def test_xarray_apply_ufunc(xr, image):
    x = xr.DataArray(image, dims=("y", "x"))
    np.testing.assert_array_equal(xr.apply_ufunc(smooth, x).values, smooth(image))


def test_xarray_apply_ufunc_over_dask(xr, da, image):
    x = xr.DataArray(image, dims=("y", "x")).chunk({"y": 40})
    got = xr.apply_ufunc(difference, x, 0.5, dask="parallelized", output_dtypes=[float])
    assert got.chunks is not None
    np.testing.assert_allclose(got.values, expected_difference(image, 0.5))


def test_xarray_core_dimensions(xr, image):
    @njit
    def last(rows):
        out = np.empty(rows.shape[0])
        for i in range(len(out)):
            out[i] = rows[i, -1]
        return out

    x = xr.DataArray(image, dims=("y", "x"))
    got = xr.apply_ufunc(last, x, input_core_dims=[["x"]])
    assert got.dims == ("y",)
    np.testing.assert_array_equal(got.values, image[:, -1])


def test_xarray_gufunc(xr, image):
    x = xr.DataArray(image, dims=("y", "x"))
    got = xr.apply_ufunc(spread, x, input_core_dims=[["x"]])
    assert got.dims == ("y",)
    np.testing.assert_array_equal(got.values, np.ptp(image, axis=-1))


# --- pandas ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pd():
    return pytest.importorskip("pandas")


@njit
def total(values):
    s = 0.0
    for v in values:
        s += v
    return s


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64", "bool"])
def test_pandas_columns(pd, dtype):
    frame = pd.DataFrame({"a": np.arange(10) % 2, "b": np.arange(10.0)}).astype({"a": dtype})
    assert total(frame["a"].to_numpy()) == 5  # a strided, maybe read-only view into the frame's block
    assert total(frame["a"].values) == 5
    assert total(frame.to_numpy(dtype=float)[:, 1]) == 45


@UFUNCS
def test_pandas_ufunc(pd, ufunc):
    s = pd.Series([1.0, 2.0, 4.0], index=list("abc"))
    got = ufunc(s, s.iloc[::-1])  # NumPy's functions on Series align their indices
    assert isinstance(got, pd.Series) and list(got.index) == list("abc")
    np.testing.assert_array_equal(got, 0)
    frame = pd.DataFrame({"x": s, "y": s + 1})
    np.testing.assert_allclose(ufunc(frame["x"], frame["y"]), expected_difference(s, s + 1))


def test_pandas_masked_and_extension_arrays(pd):
    masked = pd.array([1, 2, None], dtype="Int64")
    got = difference(masked, 2)
    assert got.dtype == "Float64" and got.isna().tolist() == [False, False, True]
    assert total(masked.to_numpy(dtype="float64", na_value=0)) == 3
    assert total(pd.array([1.5, 2.5], dtype="Float64").to_numpy(dtype="float64")) == 4
    assert total(pd.Series([1, 2, 3], dtype="int32").array.to_numpy()) == 6


def test_pandas_apply_and_rolling(pd):
    s = pd.Series(np.arange(6.0))
    got = s.rolling(3).apply(total, raw=True)
    np.testing.assert_array_equal(got, s.rolling(3).sum())
    frame = pd.DataFrame({"g": [1, 1, 2], "v": [1.0, 2.0, 5.0]})
    assert frame.groupby("g")["v"].agg(lambda v: total(v.to_numpy())).tolist() == [3.0, 5.0]


def test_pandas_objects_are_named(pd):
    with pytest.raises(TypeError, match="Series"):
        total(pd.Series([1.0]))


# --- SciPy ------------------------------------------------------------------------------------------------------------------------


def test_scipy_takes_compiled_functions():
    optimize = pytest.importorskip("scipy.optimize")
    integrate = pytest.importorskip("scipy.integrate")
    parabola = njit(lambda x: (x - 2.0) ** 2 + 1)
    assert abs(optimize.minimize_scalar(parabola).x - 2) < 1e-6
    assert abs(integrate.quad(njit(lambda x: x * x), 0, 3)[0] - 9) < 1e-9

    @njit
    def decay(t, y):
        return -0.5 * y

    solution = integrate.solve_ivp(decay, (0, 2), np.array([1.0, 2.0]))
    np.testing.assert_allclose(solution.y[:, -1], np.array([1, 2]) * np.exp(-1), rtol=1e-3)


def test_masked_arrays():
    data = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
    got = difference(data, 1.0)
    assert isinstance(got, np.ma.MaskedArray) and got.mask.tolist() == [False, True, False]
    with pytest.raises(TypeError, match="MaskedArray"):
        total(data)  # a plain loop would read what is masked
    assert total(data.data) == 6 and total(data.compressed()) == 4
