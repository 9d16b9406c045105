from hotloop import njit


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


@njit
def f(x):
    p = Point(x, x)
    return p.x


f(1)
