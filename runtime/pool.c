/* Threads that share the pieces of one piece of work.
 *
 * A job is [0, n) cut into pieces of equal length, whose borders do not depend on the number of threads: so neither does any result.
 * The calling thread and the workers take pieces in turn from a counter.  Workers are started when a job first needs them, sleep
 * between jobs and live as long as the process; after a fork the child starts its own.
 *
 * There is one job at a time.  Whoever finds the pool at work (another thread, or a piece that wants to be parallel itself) runs its
 * pieces alone: the machine is busy anyway, and nothing can wait for itself.
 *
 * A body that fails leaves its exception with the worker (gil.h); the exception of the lowest piece is handed on, so that it does not
 * depend on chance which one a program sees.  Pieces that begin after a failure are skipped unless a lower one may still fail. */
#define _GNU_SOURCE
#include "pool.h"
#include "gil.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_WORKERS = 255 };

typedef struct job {
    hl_pool_body body;
    void *context;
    int64_t n, length, npieces;
    int64_t next;            /* atomic: the first piece that nobody has taken */
    int64_t failed;          /* lowest piece that failed; npieces: none */
    PyObject *exception;     /* of that piece; owned */
    pthread_mutex_t lock;    /* of the two above */
} job;

static struct {
    pthread_mutex_t busy;    /* held by the thread whose job runs */
    pthread_mutex_t lock;    /* of what follows */
    pthread_cond_t work, done;
    job *job;
    int64_t turn;            /* counts jobs: a worker that has done one waits for the next */
    int wanted, active, workers;
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static __thread int threads_wanted; /* of the calling thread; 0: the process's number */

/* --- how many --------------------------------------------------------------------------------------------------------------- */

static int process_threads(void)
{
    static int n;
    if (n) return n;
    const char *text = getenv("HOTLOOP_NUM_THREADS");
    int found = text ? atoi(text) : 0;
    if (found < 1) {
        cpu_set_t usable;
        found = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    }
    return n = found < 1 ? 1 : found > MAX_WORKERS ? MAX_WORKERS : found;
}

int hl_pool_threads(void) { return threads_wanted ? threads_wanted : process_threads(); }
void hl_pool_set_threads(int n) { threads_wanted = n < 1 ? 0 : n > MAX_WORKERS ? MAX_WORKERS : n; }

/* --- pieces ----------------------------------------------------------------------------------------------------------------- */

static void record_failure(job *j, int64_t piece, PyObject *exception)
{
    PyObject *drop = exception;
    pthread_mutex_lock(&j->lock);
    if (piece < j->failed) drop = j->exception, j->exception = exception, __atomic_store_n(&j->failed, piece, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&j->lock);
    if (!drop) return;
    hl_gil g = hl_gil_take();
    Py_DECREF(drop);
    hl_gil_give(g);
}

/* The exception that the body left in this thread. */
static PyObject *take_exception(void)
{
    if (!PyGILState_GetThisThreadState()) return hl_error_take();
    hl_gil g = hl_gil_take();
    PyObject *exception = hl_exc_fetch();
    hl_gil_give(g);
    return exception;
}

static void work_on(job *j)
{
    for (;;) {
        int64_t piece = __atomic_fetch_add(&j->next, 1, __ATOMIC_RELAXED);
        if (piece >= j->npieces || piece > __atomic_load_n(&j->failed, __ATOMIC_ACQUIRE)) return;
        int64_t begin = piece * j->length, end = j->n - begin > j->length ? begin + j->length : j->n;
        if (j->body(j->context, begin, end)) record_failure(j, piece, take_exception());
    }
}

/* --- workers ---------------------------------------------------------------------------------------------------------------- */

static void *worker(void *arg)
{
    int64_t seen = (int64_t)(intptr_t)arg;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.turn == seen || !pool.wanted) {
            if (pool.turn != seen) seen = pool.turn; /* enough others came */
            pthread_cond_wait(&pool.work, &pool.lock);
        }
        seen = pool.turn;
        pool.wanted--, pool.active++;
        job *j = pool.job;
        pthread_mutex_unlock(&pool.lock);
        work_on(j);
        pthread_mutex_lock(&pool.lock);
        if (--pool.active == 0) pthread_cond_signal(&pool.done);
    }
    return NULL;
}

static void after_fork(void)
{
    pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t quiet = PTHREAD_COND_INITIALIZER;
    pool.busy = pool.lock = fresh, pool.work = pool.done = quiet;
    pool.job = NULL, pool.wanted = pool.active = pool.workers = 0;
}

/* Sees to it that there are n workers, if the system lets us have them; pool.lock is held. */
static void need_workers(int n)
{
    static bool registered;
    if (!registered) pthread_atfork(NULL, NULL, after_fork), registered = true;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    while (pool.workers < n) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, worker, (void *)(intptr_t)(pool.turn))) break;
        pool.workers++;
    }
    pthread_attr_destroy(&attributes);
}

/* --- running ---------------------------------------------------------------------------------------------------------------- */

static void run_shared(job *j, int helpers)
{
    pthread_mutex_lock(&pool.lock);
    need_workers(helpers);
    pool.job = j, pool.turn++, pool.wanted = helpers < pool.workers ? helpers : pool.workers;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    work_on(j);
    pthread_mutex_lock(&pool.lock);
    pool.wanted = 0; /* who has not come by now need not come */
    while (pool.active) pthread_cond_wait(&pool.done, &pool.lock);
    pool.job = NULL;
    pthread_mutex_unlock(&pool.lock);
}

hl_status hl_pool_run(hl_pool_body body, void *context, int64_t n, int64_t length)
{
    if (n <= 0) return 0;
    if (length < 1) length = 1;
    int64_t npieces = (n + length - 1) / length;
    int threads = hl_pool_threads();
    job j = {.body = body, .context = context, .n = n, .length = length, .npieces = npieces, .failed = npieces, .lock = PTHREAD_MUTEX_INITIALIZER};
    /* A worker that raises needs the GIL: nobody may wait for it with the GIL in hand. */
    PyThreadState *had = PyGILState_GetThisThreadState() && PyGILState_Check() ? PyEval_SaveThread() : NULL;
    if (threads > npieces) threads = (int)npieces;
    if (threads > 1 && pthread_mutex_trylock(&pool.busy) == 0) {
        run_shared(&j, threads - 1);
        pthread_mutex_unlock(&pool.busy);
    } else
        work_on(&j);
    if (had) PyEval_RestoreThread(had);
    if (j.failed == npieces) return 0;
    if (j.exception) hl_error_put(j.exception);
    return 1;
}
