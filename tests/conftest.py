"""Every test must give back what it took: allocations of compiled code are counted before and after."""
import gc
import os

import pytest

os.environ.setdefault("HOTLOOP_VERIFY", "1")  # the compiler checks its graph after every pass
os.environ.setdefault("PYTHONSAFEPATH", "1")  # child processes import the installed package, not the source folder

from hotloop import _binding  # noqa: E402


def pytest_collection_finish():
    """What imports and collection made stays; leaving it out keeps the collections below under a millisecond."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def only_new_garbage():
    """What earlier modules imported (Dask, pandas) would make every collection below take a tenth of a second."""
    gc.collect()
    gc.freeze()


def _live():
    """Live allocations once garbage that refers to arrays has gone."""
    gc.collect()
    return _binding.live_allocations()


@pytest.fixture(autouse=True)
def no_leaks(request):
    """Fails a test after which compiled code holds more memory than before; `@pytest.mark.keeps_memory` opts out."""
    before = _live()
    yield
    if request.node.get_closest_marker("keeps_memory"):
        return
    failed = getattr(request.node, "failed", False)
    after = _binding.live_allocations()
    if after > before and not failed:
        after = _live()
        assert after <= before, f"{after - before} allocations were not freed"


def pytest_configure(config):
    config.addinivalue_line("markers", "keeps_memory: the test leaves memory in use on purpose")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test's traceback keeps its values alive: no leak is reported then."""
    report = yield
    if report.failed:
        item.failed = True
    return report
