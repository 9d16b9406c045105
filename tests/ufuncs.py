"""What the tests of ufuncs in compiled code share: gufuncs, and an array of three dimensions as it can come in."""
import numpy as np
from harness import laid_out

from hotloop import float64, guvectorize, int64


@guvectorize([(float64[:], float64, float64[:])], "(n),()->(n)")
def plus(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] + k


@guvectorize([(float64[:], float64[:], int64[:])], "(n)->(),()")
def largest(x, value, place):
    place[0] = np.argmax(x)
    value[0] = x[place[0]]


def views(a):
    """Layouts and parts of `a`, which has three dimensions."""
    return {name: laid_out(a, name) for name in ("C", "F", "strided", "negative", "readonly", "unaligned")} | {
        "reversed": a[::-1, :, ::-1], "inner steps": np.repeat(a, 2, -1)[..., ::2], "broadcast": np.broadcast_to(a, (2, *a.shape)),
        "row": a[0, 0], "column": a[:, :1], "plane": a[1], "one": a[:1, :1, :1], "0-d": np.array(a[0, 0, 0]),
        "no planes": a[:0], "no rows": a[:, :0], "no columns": a[..., :0]}