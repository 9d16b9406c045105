"""``python -m hotloop annotate script.py``: runs a program, then writes one page about all functions that it compiled."""
import argparse
import os
import runpy
import sys

from . import decorators


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m hotloop", description=__doc__.replace("``", ""))
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    annotate = commands.add_parser("annotate", help="run a program and write a report on the functions that it compiled")
    annotate.add_argument("-o", "--output", metavar="FILE", help="the page; <script>-report.html unless given")
    annotate.add_argument("-t", "--text", action="store_true", help="print the report in short, too")
    annotate.add_argument("-m", dest="module", action="store_true", help="the program is a module's name, as for python -m")
    annotate.add_argument("program", help="script to run")
    annotate.add_argument("args", nargs=argparse.REMAINDER, help="its arguments")
    return parser.parse_args()


def _run(a):
    sys.argv = [a.program, *a.args]
    if a.module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(a.program, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(a.program)))
        runpy.run_path(os.path.abspath(a.program), run_name="__main__")


def _annotate(a):
    from .report import of_dispatchers
    folder = os.getcwd()
    decorators.watched = made = []
    try:
        _run(a)
    finally:  # also when the program ends with an exception or sys.exit
        decorators.watched = None
        report = of_dispatchers(d for d in made if "hotloop.library" not in (d.py_func.__module__ or ""))
        if report.functions:
            name = os.path.splitext(os.path.basename(a.program))[0]
            path = report.save(os.path.join(folder, a.output or f"{name}-report.html"))
            if a.text:
                print(report)
            count = len(report.functions)
            print(f"hotloop: {count} compiled function{'s' if count > 1 else ''} in {path}", file=sys.stderr)
        else:
            print(f"hotloop: {a.program} compiled nothing", file=sys.stderr)


if __name__ == "__main__":
    _annotate(_arguments())
