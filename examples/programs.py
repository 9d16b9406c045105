"""The programs that the demonstration, the tests and the benchmark share: what people bring to this kind of compiler.

Each is plain Python that CPython runs as it stands.  Programs of several functions are built by a function of the
decorator (`fractal(jit)`), so that CPython (`lambda f: f`), hotloop and Numba can each have their own.
"""
import math

import numpy as np

# --- lists and loops -----------------------------------------------------------------------------------------------------


def add_loop(x, c):
    rs = [0.] * len(x)
    for i, v in enumerate(x):
        rs[i] = v + c
    return rs


def add_comprehension(x, c):
    return [v + c for v in x]


def append_many(n):
    out = []
    for i in range(n):
        out.append(i)
    return len(out)


# --- scalars ---------------------------------------------------------------------------------------------------------------


def add(a, b):
    return a + b


def hypot(x, y):
    x = abs(x)
    y = abs(y)
    t = min(x, y)
    x = max(x, y)
    t = t / x
    return x * math.sqrt(1 + t * t)


def first(a):
    return a[0]


def fibonacci(jit):
    @jit
    def fib(n):
        if n < 2:
            return n
        return fib(n - 1) + fib(n - 2)

    return fib


# --- element by element ---------------------------------------------------------------------------------------------------


def sigmoid(x, out):
    for i in range(len(x)):
        out[i] = 1.0 / (1.0 + math.exp(-x[i]))


def gaussian(x, m, s, out):
    for i in range(len(x)):
        out[i] = math.exp(-0.5 * ((x[i] - m) / s)**2) / (s * math.sqrt(2 * math.pi))


def exp_sum(a):
    return np.exp(a).sum()


def statistics(a):
    return np.sort(a).mean() + np.linalg.norm(a) + np.percentile(a, 50)


# --- CNN -----------------------------------------------------------------------------------------------------------------


def conv_slices(x, w, rs):
    n, f, oh, ow = rs.shape
    fh, fw = w.shape[2], w.shape[3]
    for i in range(n):
        for j in range(oh):
            for p in range(ow):
                window = x[i, ..., j:j+fh, p:p+fw]
                for q in range(f):
                    rs[i, q, j, p] += np.sum(w[q]*window)


def conv_loops(x, w, rs):
    n, f, oh, ow = rs.shape
    nc, fh, fw = w.shape[1], w.shape[2], w.shape[3]
    for i in range(n):
        for q in range(f):
            for j in range(oh):
                for p in range(ow):
                    for c in range(nc):
                        for a in range(fh):
                            for b in range(fw):
                                rs[i, q, j, p] += x[i, c, j+a, p+b] * w[q, c, a, b]


def maxpool_slices(x, rs, s):
    n, c, h, w = rs.shape
    for i in range(n):
        for q in range(c):
            for j in range(h):
                for p in range(w):
                    window = x[i, q, j*s:(j+1)*s, p*s:(p+1)*s]
                    rs[i, q, j, p] = np.max(window)


def maxpool_loops(x, rs, s):
    n, c, h, w = rs.shape
    for i in range(n):
        for q in range(c):
            for j in range(h):
                for p in range(w):
                    best = x[i, q, j*s, p*s]
                    for a in range(s):
                        for b in range(s):
                            best = max(best, x[i, q, j*s + a, p*s + b])
                    rs[i, q, j, p] = best


# --- images and arrays -----------------------------------------------------------------------------------------------------


def fractal(jit):
    @jit
    def mandel(x, y, max_iters):
        c = complex(x, y)
        z = 0.0j
        for i in range(max_iters):
            z = z*z + c
            if (z.real*z.real + z.imag*z.imag) >= 4:
                return i
        return 255

    @jit
    def create_fractal(min_x, max_x, min_y, max_y, image, iters):
        height = image.shape[0]
        width = image.shape[1]
        pixel_size_x = (max_x - min_x) / width
        pixel_size_y = (max_y - min_y) / height
        for x in range(width):
            real = min_x + x * pixel_size_x
            for y in range(height):
                imag = min_y + y * pixel_size_y
                image[y, x] = mandel(real, imag, iters)
        return image

    return create_fractal


def sum2d(arr):
    m, n = arr.shape
    result = 0.0
    for i in range(m):
        for j in range(n):
            result += arr[i, j]
    return result


def add_matrices(a, b, c):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            c[i, j] = a[i, j] + b[i, j]


def smooth(x, out):
    for i in range(1, x.shape[0] - 1):
        for j in range(1, x.shape[1] - 1):
            s = 0
            for a in range(-1, 2):
                for b in range(-1, 2):
                    s += int(x[i + a, j + b])
            out[i, j] = s // 9


def polar_distances(jit):
    @jit
    def polar_distance(rho1, theta1, rho2, theta2):
        return math.sqrt(rho1**2 + rho2**2 - 2 * rho1 * rho2 * math.cos(theta1 - theta2))

    @jit
    def distances(rho1, theta1, rho2, theta2, out):
        for i in range(len(out)):
            out[i] = polar_distance(rho1[i], theta1[i], rho2[i], theta2[i])

    return distances


# --- memory ------------------------------------------------------------------------------------------------------------------


def lazy_zeros(n):
    out = np.zeros(n)
    out[0] = 1
    return out
