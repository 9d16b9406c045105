"""Coverage-guided fuzzing of what reads foreign input: the text form of the graph, and the bytecode reader.

    python tests/fuzz/guided.py DRIVER ir|reader [options of libFuzzer]

DRIVER is driver.c as a shared library, preloaded; `make fuzz-ir fuzz-reader` build it, and hotloop with clang's coverage counters and AddressSanitizer.

ir       the bytes are a text; it is parsed, printed, read again, and verified.  Only ValueError may come.  (The passes rely
         on types that agree with the rules, which a text need not have.)
reader   the bytes say how to change the code object of one of the functions below: its bytecode, constants, names, exception table, line table, stack size.
         The graph is built from it, and verified.  Only hotloop's own errors and SystemError ("not what this version's table says") may come.
"""
import ctypes
import os
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
SEEDS = HERE / "corpus"

# --- the graph's text -----------------------------------------------------------------------------------------------------------


def ir(compiler):
    def target(data):
        text = data.decode("utf-8", "replace").replace("\0", "?")
        try:
            printed = compiler.parse_print(text)
        except ValueError:
            return
        for typed in (True, False):
            try:
                compiler.run_pass(text, "order", typed=typed)
            except ValueError:
                continue
            assert compiler.parse_print(printed) == printed, printed  # of a graph that is sound

    return target


def ir_seeds(folder):
    for path in sorted((HERE.parent / "ir").glob("*.ir")):
        text = path.read_text().partition("\n----\n")[0].partition("\n")[2]
        (folder / path.stem).write_text(text)


# --- code objects ------------------------------------------------------------------------------------------------------------------


def loops(n, x=3, *rest, key=1):
    total = 0
    for i in range(n):
        if i % 3 == x:
            continue
        while total < 100:
            total += i * key
            if total > 50:
                break
        else:
            total -= 1
    return total, [i for i in rest if i]


def handlers(a, i):
    try:
        v = a[i]
    except (IndexError, KeyError) as e:
        v = -1
    except ValueError:
        raise
    finally:
        i = 0
    try:
        return v // i
    except ZeroDivisionError:
        del v
    return a


def containers(a, b):
    (x, y), *z = a, *b
    t = (x, y, [x, y], {"k": x})
    s = f"{x}:{y!r:>3}"
    a[1:2], b.field = t[0:1], s
    return x < y <= 3 and not z or (lambda k: k + x)(y), t, {*z}, x is None


def nested(n):
    def inner(m, step=2):
        nonlocal n
        n += m
        return n if m else inner(m - step)
    assert n, "no"
    with n as w:
        return inner(w, step=n), [inner(k) for k in range(n)]


FUNCTIONS = (loops, handlers, containers, nested)
PADDING = 40  # CPython itself reads the caches behind the last instruction


def changed(data):
    """A function whose code object was changed as `data` says, or None when CPython refuses it."""
    at = iter(data)

    def byte():
        return next(at, 0)

    code = FUNCTIONS[byte() % len(FUNCTIONS)].__code__
    bytecode, table, lines = bytearray(code.co_code), bytearray(code.co_exceptiontable), bytearray(code.co_linetable)
    consts, names, stack = list(code.co_consts), list(code.co_names), code.co_stacksize
    for _ in range(1 + byte() % 8):
        kind, where, value = byte() % 10, byte(), byte()
        where += byte() << 8
        if kind < 4 and bytecode:
            bytecode[where % len(bytecode)] = value
        elif kind == 4 and table:
            table[where % len(table)] = value & 127
        elif kind == 5 and lines:
            lines[where % len(lines)] = value
        elif kind == 6 and consts:
            consts[where % len(consts)] = (None, value, "text", (1, "a"), code, 1.5, 2**70, ("x",))[value % 8]
        elif kind == 7:
            del (consts if value & 1 else names)[where % 8 + 1:]
        elif kind == 8:
            stack = value % 20
        else:
            start = where % (len(bytecode) // 2 + 1) * 2
            if value & 1:
                del bytecode[start:start + value % 32 // 2 * 2]
            else:
                bytecode[start:start] = bytes(byte() for _ in range(value % 32 // 2 * 2))
    try:
        code = code.replace(co_code=bytes(bytecode) + bytes(2 * PADDING), co_exceptiontable=bytes(table), co_linetable=bytes(lines), co_consts=tuple(consts),
                            co_names=tuple(names), co_stacksize=stack)
        return types.FunctionType(code, {"range": range}, closure=tuple(types.CellType(1) for _ in code.co_freevars) or None)
    except (ValueError, TypeError, SystemError):
        return None


def reader(compiler):
    from hotloop.errors import HotloopError, InternalError

    def target(data):
        f = changed(data)
        if f is None:
            return
        for what in ("bytecode", "ir"):
            try:
                compiler.dump(f, what)
            except InternalError:
                raise
            except (HotloopError, SystemError):
                pass

    return target


def reader_seeds(folder):
    for k in range(len(FUNCTIONS)):
        for kind in range(10):
            (folder / f"{k}-{kind}").write_bytes(bytes([k, 2, kind, 7 * k + 2, 3 * kind + 1, 0, kind, 9, 4, 0]))


# --- running ------------------------------------------------------------------------------------------------------------------------


def main():
    driver, name, *options = sys.argv[1:]
    library = ctypes.CDLL(driver)
    os.environ["HOTLOOP_VERIFY"] = "1"
    import numpy  # noqa: F401  (texts name its functions)

    from hotloop import _compiler

    target = {"ir": ir, "reader": reader}[name](_compiler)
    crashes = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t)
    def call(data, size):
        try:
            target(ctypes.string_at(data, size))
        except BaseException as e:  # to libFuzzer a crash is what ends the process
            import traceback
            traceback.print_exc()
            crashes.append(e)
            sys.stderr.flush()
            os.abort()
        return 0

    folder = pathlib.Path(options.pop(0))
    folder.mkdir(parents=True, exist_ok=True)
    {"ir": ir_seeds, "reader": reader_seeds}[name](folder)
    arguments = [sys.argv[0].encode(), *(o.encode() for o in options), str(folder).encode()]
    extra = SEEDS / name
    if extra.is_dir():
        arguments.append(str(extra).encode())
    array = (ctypes.c_char_p * (len(arguments) + 1))(*arguments, None)
    library.fuzz(len(arguments), ctypes.cast(array, ctypes.c_void_p), call)


if __name__ == "__main__":
    main()
