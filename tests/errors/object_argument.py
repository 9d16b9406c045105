from hotloop import njit


class Settings:
    rate = 0.5


@njit
def f(settings, x):
    return settings.rate * x


f(Settings(), 3)
