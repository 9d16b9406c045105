/* The benchmark's programs in C, as a C programmer would write them for contiguous arrays; compiled with
 * gcc -O3 -march=native, and -ffp-contract=off so that they compute what the Python programs compute (run.py).  Called through ctypes by
 * worker.py. */
#include <complex.h>
#include <math.h>
#include <stdint.h>

double sum2d(const double *a, int64_t m, int64_t n)
{
    double result = 0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) result += a[i * n + j];
    return result;
}

void conv_loops(const float *restrict x, const float *restrict w, float *restrict rs, int64_t n, int64_t nc, int64_t h,
                int64_t wd, int64_t f, int64_t fh, int64_t fw)
{
    int64_t oh = h - fh + 1, ow = wd - fw + 1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t q = 0; q < f; q++)
            for (int64_t j = 0; j < oh; j++)
                for (int64_t p = 0; p < ow; p++)
                    for (int64_t c = 0; c < nc; c++)
                        for (int64_t a = 0; a < fh; a++)
                            for (int64_t b = 0; b < fw; b++)
                                rs[((i * f + q) * oh + j) * ow + p] +=
                                    x[((i * nc + c) * h + j + a) * wd + p + b] * w[((q * nc + c) * fh + a) * fw + b];
}

void maxpool_loops(const float *restrict x, float *restrict rs, int64_t n, int64_t c, int64_t h, int64_t w, int64_t s)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t q = 0; q < c; q++)
            for (int64_t j = 0; j < h; j++)
                for (int64_t p = 0; p < w; p++) {
                    const float *from = x + ((i * c + q) * h * s + j * s) * (w * s) + p * s;
                    float best = from[0];
                    for (int64_t a = 0; a < s; a++)
                        for (int64_t b = 0; b < s; b++) {
                            float v = from[a * w * s + b];
                            best = v > best ? v : best;
                        }
                    rs[((i * c + q) * h + j) * w + p] = best;
                }
}

static int64_t mandel(double x, double y, int64_t max_iters)
{
    double zr = 0, zi = 0;
    for (int64_t i = 0; i < max_iters; i++) {
        double r = zr * zr - zi * zi + x;
        zi = 2 * zr * zi + y;
        zr = r;
        if (zr * zr + zi * zi >= 4) return i;
    }
    return 255;
}

void fractal(double min_x, double max_x, double min_y, double max_y, uint8_t *image, int64_t height, int64_t width,
             int64_t iters)
{
    double pixel_x = (max_x - min_x) / width, pixel_y = (max_y - min_y) / height;
    for (int64_t x = 0; x < width; x++) {
        double real = min_x + x * pixel_x;
        for (int64_t y = 0; y < height; y++) image[y * width + x] = mandel(real, min_y + y * pixel_y, iters);
    }
}

void sigmoid(const double *restrict x, double *restrict out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) out[i] = 1 / (1 + exp(-x[i]));
}

void gaussian(const double *restrict x, double m, double s, double *restrict out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double d = (x[i] - m) / s;
        out[i] = exp(-0.5 * (d * d)) / (s * sqrt(2 * M_PI));
    }
}

double exp_sum(const double *a, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += exp(a[i]);
    return s;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

void smooth(const int8_t *restrict a, int64_t *restrict out, int64_t h, int64_t w)
{
    for (int64_t i = 1; i < h - 1; i++) {
        const int8_t *up = a + (i - 1) * w, *at = up + w, *down = at + w;
        for (int64_t j = 1; j < w - 1; j++)
            out[i * w + j] = floor_div(up[j - 1] + up[j] + up[j + 1] + at[j - 1] + at[j] + at[j + 1] + down[j - 1] + down[j] + down[j + 1], 9);
    }
    for (int64_t j = 0; j < w; j++) out[j] = out[(h - 1) * w + j] = 0;
    for (int64_t i = 0; i < h; i++) out[i * w] = out[i * w + w - 1] = 0;
}

void smooth8(const int8_t *restrict a, int8_t *restrict out, int64_t h, int64_t w)
{
    for (int64_t i = 1; i < h - 1; i++) {
        const int8_t *up = a + (i - 1) * w, *at = up + w, *down = at + w;
        for (int64_t j = 1; j < w - 1; j++) {
            int sum = up[j - 1] + up[j] + up[j + 1] + at[j - 1] + at[j] + at[j + 1] + down[j - 1] + down[j] + down[j + 1];
            out[i * w + j] = (int8_t)(sum / 9 - (sum % 9 < 0));
        }
    }
}

void moving(const double *restrict a, double *restrict out, int64_t n)
{
    for (int64_t i = 0; i < 29; i++) out[i] = 0;
    for (int64_t i = 29; i < n; i++) {
        double total = 0;
        for (int64_t k = -29; k < 1; k++) total += a[i + k];
        out[i] = total / 30;
    }
}

int64_t fib(int64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
