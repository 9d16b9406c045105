"""Integer programs: what overflow="raise" costs is measured on them (safety.py).  A row of PROGRAMS: name, function, what makes its arguments."""
import numpy as np


def collatz(n):
    longest = 0
    for start in range(1, n):
        k, x = 0, start
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            k += 1
        longest = max(longest, k)
    return longest


def histogram(a, bins):
    for x in a:
        bins[x] += 1


def polynomial_hash(a):
    h = 0
    for x in a:
        h = (h * 31 + x) % 1000003
    return h


def prefix_sums(a, out):
    s = 0
    for i in range(len(a)):
        s += a[i]
        out[i] = s


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            if crc & 1:
                crc = (crc >> 1) ^ 0xA001
            else:
                crc >>= 1
    return crc


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def coprime(n):
    """Pairs below n without a common divisor."""
    count = 0
    for i in range(1, n):
        for j in range(1, i):
            a, b = i, j
            while b:
                a, b = b, a % b
            count += a == 1
    return count


def sieve(n):
    prime = np.ones(n + 1, np.bool_)
    count = 0
    for i in range(2, n + 1):
        if prime[i]:
            count += 1
            j = i * i
            while j <= n:
                prime[j] = False
                j += i
    return count


def product(a, b, c):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


def total(a):
    s = 0
    for x in a:
        s += x
    return s


def brightness(pixels):
    """The sum of all bytes of an image."""
    s = 0
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            s += pixels[i, j]
    return s


def scale(a, out):
    for i in range(len(a)):
        out[i] = 3 * a[i] + 7


def edit_distance(a, b, row):
    n = len(b)
    for j in range(n + 1):
        row[j] = j
    for i in range(len(a)):
        corner = row[0]
        row[0] = i + 1
        for j in range(n):
            best = min(row[j] + 1, row[j + 1] + 1, corner + (a[i] != b[j]))
            corner = row[j + 1]
            row[j + 1] = best
    return row[n]


def insertion_sort(a, out):
    out[:] = a
    for i in range(1, len(out)):
        x = out[i]
        j = i - 1
        while j >= 0 and out[j] > x:
            out[j + 1] = out[j]
            j -= 1
        out[j + 1] = x


def bisect(a, wanted):
    s = 0
    for x in wanted:
        lo, hi = 0, len(a)
        while lo < hi:
            middle = (lo + hi) // 2
            if a[middle] < x:
                lo = middle + 1
            else:
                hi = middle
        s += lo
    return s


def knapsack(weight, value, best):
    for i in range(len(weight)):
        for room in range(len(best) - 1, weight[i] - 1, -1):
            best[room] = max(best[room], best[room - weight[i]] + value[i])
    return best[-1]


def shortest_paths(distance):
    n = distance.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                distance[i, j] = min(distance[i, j], distance[i, k] + distance[k, j])


def ints(n=300_000, most=1000, dtype=np.int64, seed=0):
    return np.random.default_rng(seed).integers(0, most, n).astype(dtype)


PROGRAMS = [
    ("collatz", collatz, lambda: (30_000,)),
    ("histogram", histogram, lambda: (ints(), np.zeros(1000, np.int64))),
    ("hash", polynomial_hash, lambda: (ints(),)),
    ("prefix sums", prefix_sums, lambda: (ints(), np.zeros(300_000, np.int64))),
    ("crc16", crc16, lambda: (ints(30_000, 256, np.uint8),)),
    ("fibonacci", fibonacci, lambda: (25,)),
    ("coprime", coprime, lambda: (400,)),
    ("sieve", sieve, lambda: (200_000,)),
    ("matrix product", product, lambda: (ints((64, 64)), ints((64, 64), seed=1), np.zeros((64, 64), np.int64))),
    ("sum", total, lambda: (ints(),)),
    ("brightness", brightness, lambda: (ints((500, 500), 256, np.uint8),)),
    ("scale", scale, lambda: (ints(), np.zeros(300_000, np.int64))),
    ("edit distance", edit_distance, lambda: (ints(300, 26), ints(300, 26, seed=1), np.zeros(301, np.int64))),
    ("insertion sort", insertion_sort, lambda: (ints(1000), np.zeros(1000, np.int64))),
    ("binary search", bisect, lambda: (np.sort(ints(10_000, 10**6)), ints(10_000, 10**6, seed=1))),
    ("knapsack", knapsack, lambda: (ints(100, 100) + 1, ints(100, 100, seed=1), np.zeros(2000, np.int64))),
    ("shortest paths", shortest_paths, lambda: (ints((80, 80)),)),
]
