import json

from hotloop import njit


@njit
def f(x):
    return json.dumps(x)


f(1)
