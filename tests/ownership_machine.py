"""A machine that runs the IR behind the ownership pass and counts references, and a generator of programs for it.

Programs are random but well formed: arrays, tuples and lists of arrays travel through branches, loops and `try`.  The
machine takes branches and lets instructions raise by chance.  It knows nothing of the pass: a value is the row of its
managed parts, a part is a counted object, and whoever touches an object that is gone, or leaves one behind, is told.
"""
import random
import re

A = 'array(float64, 1d, C)'
T = 'UniTuple(array(float64, 1d, C) x 2)'
L = 'list(array(float64, 1d, C))'


class Program:
    """Writes a function as text, variable by variable; joins get a phi for each variable."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.blocks = []
        self.count = 0
        self.env = {}
        self.here = self.block()
        self.handler = None
        for k, t in enumerate((A, L)):
            self.env['p%d' % k] = (self.emit('param %d' % k, t), t)
        self.zero = self.emit('const 0', 'Literal[0](int64)')
        self.yes = self.emit('const True', 'Literal[True](bool)')
        self.none = self.emit('const None', 'none')
        self.omitted = self.emit('omitted', 'omitted')
        for name in 'ab':
            self.env[name] = (self.env['p0'][0], A)
        self.env['t'] = (self.emit('build_tuple {0}, {0}'.format(self.env['p0'][0]), T, 'build_tuple'), T)
        self.env['l'] = (self.env['p1'][0], L)
        self.statements(3, 3)
        name = self.rng.choice('abtl')
        self.line('return %s' % self.env[name][0])
        ret = self.env[name][1]
        body = ''.join('b%d:%s\n%s' % (k, ' handler b%d' % b['handler'] if b['handler'] is not None else '',
                                       ''.join('  %s\n' % s for s in b['lines'])) for k, b in enumerate(self.blocks))
        self.text = 'func @random(p0: %s, p1: %s) -> %s {\n%s}\n' % (A, L, ret, body)

    # -- writing
    def block(self):
        self.blocks.append({'lines': [], 'handler': None})
        return len(self.blocks) - 1

    def line(self, s, block=None):
        self.blocks[self.here if block is None else block]['lines'].append(s)

    def emit(self, what, type_, rule=None, block=None):
        self.count += 1
        v = '%%%d' % self.count
        self.line('%s = %s : %s%s' % (v, what, type_, ' [%s]' % rule if rule else ''), block)
        return v

    def raising(self, what, type_, rule):
        """In a `try` the instruction ends its block, and its handler sees the variables as they are before it."""
        if self.handler is None:
            return self.emit(what, type_, rule)
        v = self.emit(what, type_, rule)
        self.blocks[self.here]['handler'] = self.handler['block']
        self.handler['from'].append((self.here, dict(self.env)))
        after = self.block()
        self.line('jump b%d' % after)
        self.here = after
        return v

    def join(self, ways, block):
        """Phis for what differs; `ways` are (block, environment)."""
        env = {}
        for name, (_, t) in ways[0][1].items():
            vs = [e[name][0] for _, e in ways]
            if len(set(vs)) == 1 and self.rng.random() < .8:
                env[name] = (vs[0], t)
            else:
                env[name] = (self.emit('phi ' + ', '.join('b%d %s' % (b, v) for (b, _), v in zip(ways, vs)), t, block=block), t)
        return env

    # -- statements
    def statements(self, n, depth):
        for _ in range(self.rng.randint(1, n)):
            kind = self.rng.choice(['simple'] * 6 + (['branch', 'loop', 'try'] if depth else []))
            getattr(self, kind)(depth)

    def var(self, type_):
        return self.rng.choice([k for k, (_, t) in self.env.items() if t == type_])

    def get(self, type_):
        return self.env[self.var(type_)][0]

    def set(self, type_, v):
        self.env[self.rng.choice({A: 'ab', T: 't', L: 'l'}[type_])] = (v, type_)

    def simple(self, depth):
        kind = self.rng.randrange(12)
        if kind == 0:
            self.set(A, self.raising('neg ' + self.get(A), A, 'array_neg'))
        elif kind == 1:
            self.set(A, self.emit("getattr 'T', " + self.get(A), A, 'array_T'))
        elif kind == 2:
            self.set(T, self.emit('build_tuple %s, %s' % (self.get(A), self.get(A)), T, 'build_tuple'))
        elif kind == 3:
            self.set(A, self.emit('getitem %s, %s' % (self.get(T), self.zero), A, 'tuple_item'))
        elif kind == 4:
            self.set(L, self.raising('build_list ' + ', '.join(self.get(A) for _ in range(self.rng.randint(0, 2))), L, 'build_list'))
        elif kind == 5:
            self.raising('call %s, %s' % (self.get(L), self.get(A)), 'none', 'list_append')
        elif kind == 6:
            self.set(A, self.raising('getitem %s, %s' % (self.get(L), self.zero), A, 'list_item'))
        elif kind == 7:
            self.set(A, self.raising('call %s, %s' % (self.get(L), self.omitted), A, 'list_pop'))
        elif kind == 8:
            self.raising('setitem %s, %s, %s' % (self.get(L), self.zero, self.get(A)), 'none', 'list_set')
        elif kind == 9:
            self.emit('call ' + self.get(A), 'int64', 'len_array')
        elif kind == 10:
            self.env[self.rng.choice('ab')] = self.env[self.var(A)]
        else:
            self.walk_list()

    def walk_list(self):
        """for x in list: x is used, kept or dropped."""
        it = self.emit('getiter ' + self.get(L), 'iter(list -> %s)' % A, 'iter_over')
        before, head, body, done = self.here, self.block(), self.block(), self.block()
        self.line('jump b%d' % head)
        old = self.env['a'][0]
        self.here = head
        self.line('%%%d = phi b%d %s, b%d %%%d : %s' % (self.count + 1, before, old, body, self.count + 3, A))
        phi = '%%%d' % (self.count + 1)
        self.count += 1
        more = self.emit('iternext ' + it, 'bool', 'iter_next')
        self.line('branch %s, b%d, b%d' % (more, body, done))
        self.here = body
        item = self.emit('itervalue ' + it, A, 'iter_value')
        self.emit('call ' + item, 'int64', 'len_array')
        self.line('jump b%d' % head)
        self.here = done
        self.env['a'] = (phi, A)

    def branch(self, depth):
        yes, no, after = self.block(), self.block(), self.block()
        self.line('branch %s, b%d, b%d' % (self.yes, yes, no))
        env, ways = dict(self.env), []
        for b in (yes, no):
            self.here, self.env = b, dict(env)
            self.statements(2, depth - 1)
            if b == yes and self.rng.random() < .2:
                self.leave()
                continue
            self.line('jump b%d' % after)
            ways.append((self.here, self.env))
        self.env = self.join(ways, after)
        self.here = after

    def leave(self):
        """Ends a branch by `raise`, which leaves the function or leads to the handler."""
        exc = self.emit('const @builtins.ValueError', 'const(ValueError)')
        if self.handler is not None:
            self.blocks[self.here]['handler'] = self.handler['block']
            self.handler['from'].append((self.here, dict(self.env)))
        self.line('raise ' + exc)

    def loop(self, depth):
        head, body, after = self.block(), self.block(), self.block()
        before, env = self.here, dict(self.env)
        self.line('jump b%d' % head)
        names = 'abtl'
        first = self.count + 1
        self.count += len(names)
        for k, name in enumerate(names):
            self.env[name] = ('%%%d' % (first + k), env[name][1])
        at_head = dict(self.env)
        self.blocks[head]['lines'].append(None)
        self.here = head
        self.line('branch %s, b%d, b%d' % (self.yes, body, after))
        self.here = body
        self.statements(3, depth - 1)
        self.line('jump b%d' % head)
        self.blocks[head]['lines'][0] = '\n  '.join(
            '%s = phi b%d %s, b%d %s : %s' % (at_head[n][0], before, env[n][0], self.here, self.env[n][0], env[n][1]) for n in names)
        self.here, self.env = after, at_head

    def try_(self, depth):
        outer, handler = self.handler, {'block': self.block(), 'from': []}
        self.handler = handler
        inner = self.block()
        self.line('jump b%d' % inner)
        self.here = inner
        self.set(A, self.raising('neg ' + self.get(A), A, 'array_neg'))
        self.statements(3, depth - 1)
        self.handler = outer
        after = self.block()
        self.line('jump b%d' % after)
        ways = [(self.here, self.env)]
        self.env = self.join(handler['from'], handler['block'])
        self.here = handler['block']
        self.emit('catch', 'exception(any)')
        self.statements(2, depth - 1)
        self.line('jump b%d' % after)
        ways.append((self.here, self.env))
        self.env = self.join(ways, after)
        self.here = after


setattr(Program, 'try', Program.try_)


class Object:
    def __init__(self, name, items=None):
        self.name, self.items, self.refs = name, items, 1

    def retain(self):
        assert self.refs > 0, '%s is retained when it is gone' % self.name
        self.refs += 1

    def release(self):
        assert self.refs > 0, '%s is released once too often' % self.name
        self.refs -= 1
        if not self.refs and self.items:
            for x in self.items:
                x.release()


LINE = re.compile(r'  (?:%(\d+) = )?(\w+) ?(.*?)(?: : .*?)?(?: !\w+)*(?: \[(\w+)\])?(?: unwind\((.*)\))?$')
RAISES = {'array_neg', 'build_list', 'list_append', 'list_item', 'list_pop', 'list_set'}


def read(text):
    """Blocks as (handler, [(result, op, operand text, rule, unwind)])."""
    blocks, current = {}, None
    for s in text.splitlines():
        head = re.match(r'b(\d+):(?: handler b(\d+))?$', s)
        if head:
            current = []
            blocks[int(head[1])] = (int(head[2]) if head[2] else None, current)
        elif s.startswith('  '):
            result, op, rest, rule, unwind = LINE.match(s).groups()
            current.append((result, op, rest, rule, re.findall(r'%(\d+)', unwind or '')))
    return blocks


class Machine:
    def __init__(self, text, seed, chance=.15):
        self.blocks, self.rng, self.chance = read(text), random.Random(seed), chance
        self.objects = []

    def new(self, name, items=None):
        o = Object(name, items)
        self.objects.append(o)
        return o

    def run(self):
        first = self.new('argument 0')
        items = [self.new('item %d' % k) for k in range(2)]
        self.args = [first], [self.new('argument 1', items)]
        self.values, at, came, self.its = {}, 0, None, {}
        for _ in range(400):
            at, came = self.block(at, came)
            if at is None:
                break
        else:
            return False  # goes on for ever: says nothing
        for o in came:
            o.release()
        for o in self.args[0] + self.args[1]:
            assert o.refs > 0, o.name + ' was given away'
            o.release()
        for o in self.objects:
            assert o.refs == 0, '%s has %d owners left' % (o.name, o.refs)
        return True

    def block(self, at, came):
        handler, lines = self.blocks[at]
        phis = {}
        for result, op, rest, rule, unwind in lines:
            if op == 'phi':
                phis[result] = self.values[dict(re.findall(r'b(\d+) %(\d+)', rest))[str(came)]]
                continue
            self.values.update(phis)
            phis = {}
            args = [self.values[v] for v in re.findall(r'%(\d+)', rest)]
            for v in args:
                for o in v:
                    assert o.refs > 0, '%s is used by %%%s = %s when it is gone' % (o.name, result, op)
            if op == 'return':
                return None, args[0]
            if op == 'raise' or (rule in RAISES and self.rng.random() < self.chance):
                for v in unwind:
                    for o in self.values[v]:
                        o.release()
                return (handler, at) if handler is not None else (None, [])
            if op in ('jump', 'branch'):
                targets = re.findall(r'b(\d+)', rest)
                return int(self.rng.choice(targets) if op == 'jump' or not self.follows(args, rest) else targets[0 if self.more else 1]), at
            self.values[result] = self.step(result, op, rest, rule, args)

    def follows(self, args, rest):
        v = re.match(r'%(\d+)', rest)
        self.more = self.its.get(v[1]) if v else None
        return self.more is not None

    def step(self, result, op, rest, rule, args):
        if op == 'param':
            return self.args[int(rest)]
        if op in ('const', 'omitted', 'slice'):
            return []
        if op == 'retain' or op == 'release':
            for o in args[0]:
                getattr(o, op)()
            return []
        if rule == 'array_neg' or op == 'catch':
            return [self.new('%' + result)]
        if rule == 'array_T' or op == 'getiter':
            return args[0]
        if op == 'build_tuple':
            return args[0] + args[1]
        if rule == 'tuple_item':
            return args[0][:1]
        return getattr(self, op + '_' + rule)(result, rest, args)

    def build_list_build_list(self, result, rest, args):
        items = [v[0] for v in args]
        for o in items:
            o.retain()
        return [self.new('%' + result, items)]

    def some(self, list_):
        if not list_.items:
            list_.items.append(self.new('an item'))
        return self.rng.randrange(len(list_.items))

    def call_list_append(self, result, rest, args):
        args[0][0].items.append(args[1][0])
        return []

    def getitem_list_item(self, result, rest, args):
        return [args[0][0].items[self.some(args[0][0])]]

    def call_list_pop(self, result, rest, args):
        return [args[0][0].items.pop(self.some(args[0][0]))]

    def setitem_list_set(self, result, rest, args):
        k = self.some(args[0][0])
        args[0][0].items[k].release()
        args[0][0].items[k] = args[2][0]
        return []

    def call_len_array(self, result, rest, args):
        return []

    def iternext_iter_next(self, result, rest, args):
        self.its[result] = self.rng.random() < .6 and bool(args[0][0].items)
        return []

    def itervalue_iter_value(self, result, rest, args):
        return [args[0][0].items[self.some(args[0][0])]]
