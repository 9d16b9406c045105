"""The HTML of a report: one page without outside references.

A function is a table, a row a source line: number, verdict on the loop that begins there, marks for what costs (new memory, range
checks, Python), the source with a type under the mouse for each expression, and the machine code of the line when its number is clicked.
"""
import html
import platform

_STYLE = """
:root { --ink: #1d2330; --soft: #6b7485; --line: #e4e7ee; --good: #14733c; --goodbg: #e3f5e9; --bad: #94400c; --badbg: #fdeede; --mark: #3b4ec2; --markbg: #eaedff;
        --py: #a11d4d; --pybg: #fde6ee; --paper: #fff; --back: #f6f7fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7f0; --soft: #98a1b3; --line: #333a48; --good: #7fdba0; --goodbg: #17382a; --bad: #f0b07c;
        --badbg: #40291a; --mark: #aab6ff; --markbg: #272f57; --py: #ff9dbd; --pybg: #4a1d2e; --paper: #1c212b; --back: #14181f; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; margin: 1.5rem 0; padding: 1rem; overflow-x: auto; }
.where, .legend, footer { color: var(--soft); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; margin-top: .7rem; font: 13px/1.55 ui-monospace, monospace; }
td { padding: 0 .6rem; vertical-align: top; white-space: pre; } td.n { color: var(--soft); text-align: right; user-select: none; }
td.n.code { cursor: pointer; color: var(--mark); text-decoration: underline dotted; }
td.v { white-space: normal; min-width: 17rem; max-width: 24rem; font: 12px/1.45 system-ui, sans-serif; }
tr.line:hover { background: var(--back); } tr.asm { display: none; } tr.asm.open { display: table-row; }
tr.asm td { color: var(--soft); background: var(--back); }
.b { border-radius: 4px; padding: 0 .35rem; margin-right: .3rem; white-space: nowrap; display: inline-block; }
.vec { color: var(--good); background: var(--goodbg); } .novec { color: var(--bad); background: var(--badbg); white-space: normal; }
.mark { color: var(--mark); background: var(--markbg); } .py { color: var(--py); background: var(--pybg); }
[data-t] { cursor: help; } [data-t].on { background: var(--markbg); outline: 1px solid var(--mark); border-radius: 2px; }
#tip { position: fixed; display: none; background: var(--ink); color: var(--paper); padding: .2rem .5rem; border-radius: 4px; font: 12px ui-monospace, monospace; pointer-events: none; max-width: 40rem; }
"""
_SCRIPT = """
const tip = document.getElementById('tip'); let on = null;
document.addEventListener('mouseover', e => {
  const at = e.target.closest && e.target.closest('[data-t]');
  if (on) on.classList.remove('on');
  on = at;
  if (!at) { tip.style.display = 'none'; return; }
  at.classList.add('on'); tip.textContent = at.dataset.t; tip.style.display = 'block';
  const r = at.getBoundingClientRect();
  tip.style.left = Math.max(4, r.left) + 'px'; tip.style.top = (r.bottom + 4) + 'px';
});
document.addEventListener('click', e => {
  const at = e.target.closest && e.target.closest('td.code');
  if (at) at.parentNode.nextElementSibling.classList.toggle('open');
});
"""
_LEGEND = ("Point at an expression for its type; click a line number for the line's machine code. "
           "<span class='b mark'>new</span> allocates an array or list &nbsp;<span class='b mark'>check</span> compares an index with the size each time "
           "&nbsp;<span class='b py'>Python</span> calls into the interpreter &nbsp;<span class='b py'>object</span> holds a Python object")
_MARKS = (("allocates", "new", "mark"), ("checked", "check", "mark"), ("python", "Python", "py"), ("object", "object", "py"))


def _spans(f):
    """line -> [(begin, end, what)], in bytes: the types of expressions and variables."""
    found = {}
    for fact in f.values + f.mentions:
        line, col, end_line, end_col = fact["at"]
        if line != end_line or col < 0 or end_col <= col or fact.get("op") in ("omitted", "loop_safe"):
            continue
        if fact["type"] in ("none", "omitted") and "name" not in fact:
            continue
        found.setdefault((line, col, end_col), {})[fact["type"]] = fact.get("name")
    out = {}
    for (line, begin, end), types in found.items():
        name = next((n for n in types.values() if n), None)
        out.setdefault(line, []).append((begin, end, (f"{name}: " if name else "") + " or ".join(types)))
    return out


def _source(text, spans):
    """The line with nested <span>s; spans that cross each other (none should) are dropped."""
    raw = text.encode()
    edges, open_ends = {}, []
    for begin, end, what in sorted(spans, key=lambda s: (s[0], -s[1])):
        while open_ends and open_ends[-1] <= begin:
            open_ends.pop()
        if end > len(raw) or (open_ends and end > open_ends[-1]):
            continue
        open_ends.append(end)
        edges.setdefault(begin, [[], []])[1].append(f'<span data-t="{html.escape(what)}">')
        edges.setdefault(end, [[], []])[0].append("</span>")
    out, at = [], 0
    for k in sorted(edges):
        out.append(html.escape(raw[at:k].decode(errors="replace")))
        out.extend(edges[k][0] + edges[k][1])
        at = k
    return "".join(out) + html.escape(raw[at:].decode(errors="replace"))


def _verdict(loop):
    if not loop.inner and not loop.vectorised:
        return ""
    label = "" if loop.kind == "loop" else "array expression: "
    good = loop.vectorised != 1
    hint = f" <i>{html.escape(loop.hint)}</i>" if loop.hint else ""
    return f"<span class='b {'vec' if good else 'novec'}'>{html.escape(label + loop.verdict)}</span>{hint}"


def _function(f):
    spans, loops, marks = _spans(f), {}, {}
    for loop in f.loops:
        loops.setdefault(loop.line, []).append(_verdict(loop))
    for value in f.values:
        if value["slow"]:
            continue
        for fact, label, kind in _MARKS:
            if fact in value["does"]:
                marks.setdefault(value["at"][0], {})[label] = kind
    objects = {}
    for line, what, why in f.objects:
        objects.setdefault(line, []).append(f"<span class='b py'>{html.escape(what)}</span> <i>{html.escape(why)}</i>")
    for line, share in f.shares.items():
        objects.setdefault(line, []).insert(0, f"<span class='b py'>{share:.1%} of the time</span>")
    rows = []
    for number, text in f.source or [(k, "") for k in sorted(f.code)]:
        code = f.code.get(number)
        notes = loops.get(number, []) + objects.get(number, [])
        notes += [f"<span class='b {kind}'>{label}</span>" for label, kind in marks.get(number, {}).items()]
        rows.append(f"<tr class='line'><td class='n{' code' if code else ''}'>{number}</td><td>{_source(text, spans.get(number, []))}</td>"
                    f"<td class='v'>{' '.join(filter(None, notes))}</td></tr>")
        if code:
            rows.append(f"<tr class='asm'><td></td><td colspan='2'>{html.escape(chr(10).join(code))}</td></tr>")
    return (f"<section><h2>{html.escape(f.name)}{html.escape(f.signature)}</h2><div class='where'>{html.escape(f.filename)}, line {f.first_line}"
            f"{'' if f.source else ' (source not at hand)'}</div><table>{''.join(rows)}</table></section>")


def page(report):
    """The page for a `report.Report`."""
    names = list(dict.fromkeys(f.name for f in report.functions))
    title = "hotloop: " + ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return (f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{html.escape(title)}</title>"
            f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1><p class='legend'>{_LEGEND}</p>"
            f"{''.join(map(_function, report.functions))}<footer>CPython {platform.python_version()}, {html.escape(platform.machine())}</footer>"
            f"<div id='tip'></div><script>{_SCRIPT}</script></body></html>\n")
