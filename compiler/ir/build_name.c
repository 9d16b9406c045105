/* Names that are looked up while compiling: globals, builtins, attributes of modules, imports. */
#include "build.h"

static const char *utf8(PyObject *name)
{
    const char *s = PyUnicode_AsUTF8(name);
    if (!s) PyErr_Clear();
    return s ? s : "?";
}

/* A new reference's owner from here on is the arena. NULL: the Python exception was taken over. */
static hl_inst *const_owned(hl_builder *b, PyObject *obj)
{
    if (obj) return hl_build_const(b, hl_keep(b->arena, obj));
    hl_build_python_error(b);
    return hl_build_const(b, Py_None);
}

/* Does this code assign to the global?  Then its value is no constant. */
static bool assigns_global(const hl_stream *s, PyObject *name)
{
    for (int k = 0; k < s->at.n; k++) {
        const hl_bc *bc = &s->at.at[k];
        if ((bc->op == HL_BC_store_global || bc->op == HL_BC_delete_global) && PyUnicode_Compare(bc->obj, name) == 0) return true;
    }
    return false;
}

static void load_global(hl_builder *b, PyObject *name)
{
    hl_inst *i = hl_build_emit(b, HL_OP_load_global, NULL, 0);
    i->obj = name;
    hl_build_push(b, i);
}

static bool may_assign_global(hl_builder *b, const hl_bc *bc)
{
    if (!hl_build_gradual(b))
        hl_build_fail(b, "UnsupportedError", "assignment to global variable '%s' is not supported", utf8(bc->obj));
    return hl_build_gradual(b);
}

void hl_build_do_store_global(hl_builder *b, const hl_bc *bc)
{
    if (may_assign_global(b, bc)) hl_build_emit1(b, HL_OP_store_global, hl_build_pop(b))->obj = bc->obj;
}

void hl_build_do_delete_global(hl_builder *b, const hl_bc *bc)
{
    if (may_assign_global(b, bc)) hl_build_emit(b, HL_OP_delete_global, NULL, 0)->obj = bc->obj;
}

void hl_build_do_global(hl_builder *b, const hl_bc *bc)
{
    if (hl_build_gradual(b) && assigns_global(b->frame->s, bc->obj)) {
        load_global(b, bc->obj);
        return;
    }
    PyObject *obj = PyDict_GetItemWithError(b->f->globals, bc->obj);
    if (!obj && !PyErr_Occurred()) obj = PyDict_GetItemWithError(b->builtins, bc->obj);
    if (!obj && PyErr_Occurred()) {
        hl_build_python_error(b);
        return;
    }
    if (!obj && hl_build_gradual(b)) { /* it may be defined by the time the line runs */
        load_global(b, bc->obj);
        return;
    }
    if (!obj) {
        hl_build_fail(b, "TypingError", "name '%s' is not defined", utf8(bc->obj));
        return;
    }
    hl_build_push(b, const_owned(b, Py_NewRef(obj))); /* the module may be given another value while we compile */
}

/* --- attributes ---------------------------------------------------------------------------------------------------------- */

/* NULL after a failure. */
static hl_inst *module_attr(hl_builder *b, PyObject *module, PyObject *name)
{
    PyObject *value = PyObject_GetAttr(module, name);
    if (value) return const_owned(b, value);
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        hl_build_python_error(b);
        return NULL;
    }
    PyErr_Clear();
    if (hl_build_gradual(b)) { /* a module with __getattr__, or AttributeError when the line runs */
        hl_inst *i = hl_build_emit1(b, HL_OP_getattr, hl_build_const(b, module));
        i->obj = name;
        return i;
    }
    PyObject *module_name = PyModule_GetNameObject(module);
    if (!module_name) PyErr_Clear();
    hl_build_fail(b, "TypingError", "module '%s' has no attribute '%s'", module_name ? utf8(module_name) : "?", utf8(name));
    Py_XDECREF(module_name);
    return NULL;
}

void hl_build_do_attr(hl_builder *b, const hl_bc *bc)
{
    hl_inst *v = hl_build_pop(b);
    if (v->op == HL_OP_const && PyModule_Check(v->obj)) {
        hl_inst *value = module_attr(b, v->obj, bc->obj);
        if (value) hl_build_push(b, value);
        return;
    }
    hl_inst *i = hl_build_emit1(b, HL_OP_getattr, v);
    i->obj = bc->obj;
    hl_build_push(b, i);
}

/* --- imports --------------------------------------------------------------------------------------------------------------- */

/* The full name of `from ..a import b`; a new reference, or NULL after a failure. */
static PyObject *absolute_name(hl_builder *b, PyObject *name, long level)
{
    if (level == 0) return Py_NewRef(name);
    PyObject *package = PyDict_GetItemString(b->f->globals, "__package__");
    if (!package || !PyUnicode_Check(package)) {
        hl_build_fail(b, "TypingError", "attempted relative import with no known parent package");
        return NULL;
    }
    Py_ssize_t end = PyUnicode_GET_LENGTH(package);
    while (--level > 0) {
        end = PyUnicode_FindChar(package, '.', 0, end, -1);
        if (end < 0) {
            hl_build_fail(b, "TypingError", "attempted relative import beyond top-level package");
            return NULL;
        }
    }
    PyObject *base = PyUnicode_Substring(package, 0, end);
    PyObject *full = !base || PyUnicode_GET_LENGTH(name) == 0 ? Py_XNewRef(base) : PyUnicode_FromFormat("%U.%U", base, name);
    Py_XDECREF(base);
    if (!full) hl_build_python_error(b);
    return full;
}

/* From sys.modules: compiling must not run a module's code. */
static PyObject *imported(hl_builder *b, PyObject *name)
{
    PyObject *module = PyImport_GetModule(name);
    if (module || PyErr_Occurred()) {
        if (!module) hl_build_python_error(b);
        return module;
    }
    hl_build_fail(b, "UnsupportedError", "import of module '%s', which nobody has imported yet, is not supported inside compiled code: import it outside the function", utf8(name));
    return NULL;
}

/* Is there something to import when the line runs, because nobody has imported it yet? */
static bool imports_later(hl_builder *b, PyObject *name, const hl_inst *level)
{
    if (!hl_build_gradual(b)) return false;
    if (level->op != HL_OP_const || !PyLong_Check(level->obj) || PyLong_AsLong(level->obj)) return true;
    PyObject *module = PyImport_GetModule(name);
    PyErr_Clear();
    Py_XDECREF(module);
    return !module;
}

void hl_build_do_import(hl_builder *b, const hl_bc *bc)
{
    hl_inst *names = hl_build_pop(b), *level = hl_build_pop(b);
    if (!b->failed && imports_later(b, bc->obj, level)) {
        hl_inst *i = hl_build_emit2(b, HL_OP_import, level, names);
        i->obj = bc->obj;
        hl_build_push(b, i);
        return;
    }
    if (names->op != HL_OP_const || level->op != HL_OP_const || !PyLong_Check(level->obj)) {
        hl_build_fail(b, "UnsupportedError", "this import is not supported");
        return;
    }
    PyObject *full = absolute_name(b, bc->obj, PyLong_AsLong(level->obj));
    if (!full) return;
    PyObject *module = imported(b, full);
    Py_ssize_t dot = PyUnicode_FindChar(full, '.', 0, PyUnicode_GET_LENGTH(full), 1);
    if (module && names->obj == Py_None && dot > 0) { /* `import a.b` gives a */
        PyObject *top = PyUnicode_Substring(full, 0, dot);
        Py_SETREF(module, top ? imported(b, top) : NULL);
        Py_XDECREF(top);
    }
    Py_DECREF(full);
    if (module) hl_build_push(b, const_owned(b, module));
}

void hl_build_do_import_from(hl_builder *b, const hl_bc *bc)
{
    hl_inst *from = hl_build_peek(b, 1);
    bool known = from->op == HL_OP_const && PyModule_Check(from->obj) && PyObject_HasAttr(from->obj, bc->obj);
    if (hl_build_gradual(b) && !known && !b->failed) {
        hl_inst *i = hl_build_emit1(b, HL_OP_import_from, from);
        i->obj = bc->obj;
        hl_build_push(b, i);
        return;
    }
    if (from->op != HL_OP_const || !PyModule_Check(from->obj)) {
        hl_build_fail(b, "UnsupportedError", "this import is not supported");
        return;
    }
    if (!PyObject_HasAttr(from->obj, bc->obj)) { /* a submodule that its package has no attribute for */
        PyObject *package = PyModule_GetNameObject(from->obj);
        PyObject *full = package ? PyUnicode_FromFormat("%U.%U", package, bc->obj) : NULL;
        PyObject *module = full ? PyImport_GetModule(full) : NULL;
        Py_XDECREF(package);
        Py_XDECREF(full);
        PyErr_Clear();
        if (module) {
            hl_build_push(b, const_owned(b, module));
            return;
        }
    }
    hl_inst *value = module_attr(b, from->obj, bc->obj);
    if (value) hl_build_push(b, value);
}
