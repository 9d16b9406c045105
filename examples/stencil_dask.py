"""Smooths a large image on a cluster of local processes: a stencil on a Dask array.

    python examples/stencil_dask.py [--scale 8] [--workers 2] [--rounds 5] [--output demo-output/stencil_dask.png]

The photograph (from scikit-learn's sample images) is repeated `scale` times along both axes, cut into chunks, and smoothed `rounds` times with the mean
over 3 × 3 pixels.  The compiled function travels to the workers by pickle; each compiles it once.  Dask's progress bar shows how far they are.
Needs dask[array], distributed, pillow and scikit-learn.
"""
import argparse
import pathlib
import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, progress
from PIL import Image
from sklearn.datasets import load_sample_image

from hotloop import njit, stencil


@stencil("nearest", neighborhood=((-1, 1), (-1, 1), (0, 0)))
def mean_of_nine(a):
    total = 0
    for i in range(-1, 2):
        for j in range(-1, 2):
            total += a[i, j, 0]
    return np.uint8(total // 9)


@njit
def smooth(chunk, rounds):
    for _ in range(rounds):
        chunk = mean_of_nine(chunk)
    return chunk


def smoothed(image, rounds):
    """The Dask array, smoothed: each chunk gets as many of its neighbours' rows and columns as the rounds reach; at the border the kernel repeats the edge."""
    return image.map_overlap(smooth, depth=(rounds, rounds, 0), boundary="none", dtype=np.uint8, rounds=rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=int, default=8, help="how often the photograph is repeated along each axis")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--rounds", type=int, default=5, help="how often it is smoothed")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("demo-output/stencil_dask.png"))
    options = parser.parse_args()

    photograph = load_sample_image("china.jpg")
    image = da.tile(da.from_array(photograph, chunks=photograph.shape), (options.scale, options.scale, 1)).rechunk((1024, 1024, 3))
    print(f"{image.shape[0]} × {image.shape[1]} pixels in {image.npartitions} chunks", flush=True)
    with LocalCluster(n_workers=options.workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster, Client(cluster) as client:
        start = time.perf_counter()
        result = client.persist(smoothed(image, options.rounds))
        progress(result, notebook=False)
        pixels = result.compute()
        print(f"\nsmoothed {options.rounds} times in {time.perf_counter() - start:.2f} s")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(options.output)
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
