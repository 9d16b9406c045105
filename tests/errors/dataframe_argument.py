from hotloop import njit


class DataFrame:
    __module__ = "pandas.core.frame"


@njit
def f(table):
    return table.mean()


f(DataFrame())
