from hotloop import njit


@njit
async def f(n):
    return n


f(3)
