"""Every small change of a SystemVerilog file that a seeded run may draw: mutants(text) lists them.

A change is one of the slips that a designer makes: a sign, a comparison, an off-by-one, a forgotten register. What only elaboration
sees is left alone: comments, the module's parameters and ports, $error checks, declarations of widths, loop headers. No parser stands behind
this, only tokens; what comes out and is not SystemVerilog, the compiler catches.
"""

import re
from collections import namedtuple

# Replaces text[begin:end] by `new`; `operator` names the kind of slip.
Change = namedtuple("Change", "operator begin end new")
Token = namedtuple("Token", "text begin end depth")

TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|/\*.*?\*/|"[^"\n]*"|\s+)
      | \d*'s?[bdhoBDHO][0-9a-fA-F_xzXZ]+ | '[01]
      | [$A-Za-z_][\w$]*(?:::\w+)* | \d[\d_]*
      | >>>|<<<|<=|>=|==|!=|&&|\|\||<<|>>|\+:|-:|\+=|-=|\+\+|--|::|[^\w\s]""",
    re.VERBOSE | re.DOTALL,
)
SWAPS = {
    "+": ("arithmetic", "-"), "-": ("arithmetic", "+"), "+=": ("arithmetic", "-="),
    "<": ("comparison", "<="), "<=": ("comparison", "<"), ">": ("comparison", ">="), ">=": ("comparison", ">"),
    "==": ("comparison", "!="), "!=": ("comparison", "=="),
    "&&": ("logic", "||"), "||": ("logic", "&&"), "&": ("logic", "|"), "|": ("logic", "&"), "^": ("logic", "|"),
    "<<": ("shift", ">>"), ">>": ("shift", "<<"), ">>>": ("sign", ">>"), "$signed": ("sign", "$unsigned"),
}  # fmt: skip
OPENING, CLOSING = "([{", ")]}"
DECLARATION = re.compile(r"(logic|wire|genvar|typedef|int|integer|input|output|localparam|parameter)$|.*_t$")


def tokens_of(text):
    """Tokens with their bracket depth; an opening bracket has the depth of what is around it."""
    depth, found = 0, []
    for match in TOKEN.finditer(text):
        if match.group("skip"):
            continue
        word = match.group()
        depth -= word in CLOSING
        found.append(Token(word, match.start(), match.end(), depth))
        depth += word in OPENING
    return found


def closing(tokens, index):
    """Index of the bracket that closes the one at `index`."""
    depth = tokens[index].depth
    return next(i for i in range(index + 1, len(tokens)) if tokens[i].depth == depth)


def body_start(tokens):
    """Index of the first token after the module's header."""
    module = next((i for i, t in enumerate(tokens) if t.text == "module"), None)
    if module is None:
        return len(tokens)
    return next(i for i in range(module, len(tokens)) if tokens[i].text == ";" and tokens[i].depth == 0) + 1


def checks_parameters(tokens, index):
    """Whether the statement at `index` is $error(...), alone or in a named block."""
    if [t.text for t in tokens[index : index + 2]] == ["begin", ":"]:
        index += 3
    return tokens[index].text == "$error"


def protected(tokens):
    """Indices of tokens that no change may touch."""
    fixed = set(range(body_start(tokens)))
    for i in range(len(fixed), len(tokens)):
        word = tokens[i].text
        if word == "for":
            fixed.update(range(i, closing(tokens, i + 1) + 1))
        elif word == "if" and checks_parameters(tokens, closing(tokens, i + 1) + 1):
            fixed.update(range(i, closing(tokens, i + 1) + 1))
        elif word == "$error":
            fixed.update(range(i, closing(tokens, i + 1) + 1))
        elif DECLARATION.match(word):
            while tokens[i].text not in ("=", ";", ")", ","):  # the name and widths, not a value
                fixed.add(i)
                i += 1
    return fixed


class Statements:
    """Which `<=` assign, and where these statements end."""

    def __init__(self, tokens):
        self.assigns = {}  # index of `<=` -> (index of the first token, index of `;`)
        first, base, assigned = 0, 0, False
        for i, token in enumerate(tokens):
            if token.text in (";", "begin", "end", "else") or (
                token.text == ":" and token.depth == 0 and not assigned
            ):
                first, assigned = i + 1, False
                if i + 2 < len(tokens) and tokens[i].text == "begin" and tokens[i + 1].text == ":":
                    first = i + 3
            elif token.text == ")" and tokens[first].text in ("if", "for", "case", "unique", "always_ff"):
                if token.depth == tokens[first].depth:
                    first, assigned = i + 1, False
            elif token.text in ("=", "<=") and token.depth == tokens[first].depth and not assigned:
                assigned = True
                if token.text == "<=":
                    end = next(j for j in range(i, len(tokens)) if tokens[j].text == ";")
                    self.assigns[i] = (first, end)


def is_binary(tokens, index):
    """Whether an operator stands between two operands; else it is a sign or a reduction."""
    before = tokens[index - 1].text
    return bool(re.match(r"[\w$'\])}]", before)) and before not in ("return", "else", "begin")


def number_changes(word):
    """A constant becomes its neighbour: 4'd3 -> 4'd4, 4'd2; '0 -> '1."""
    if word in ("'0", "'1"):
        return ["'1" if word == "'0" else "'0"]
    match = re.match(r"(\d*)'(s?)([bdhBDH])([0-9a-fA-F_]+)$", word)
    base = {"b": 2, "d": 10, "h": 16}[match[3].lower()] if match else 10
    value = int((match[4] if match else word).replace("_", ""), base)
    bits = int(match[1]) if match and match[1] else 32
    values = [v for v in (value + 1, value - 1) if 0 <= v < 2**bits]
    if not match:
        return [str(v) for v in values]
    return [f"{match[1]}'{match[2]}d{v}" for v in values]


def ternary_ends(tokens, index):
    """For the `?` at `index`: indices of its `:` and of the token after its last operand."""
    depth, nested, colon = tokens[index].depth, 0, None
    for i in range(index + 1, len(tokens)):
        token = tokens[i]
        if token.depth < depth or (token.depth == depth and token.text in (",", ";")):
            return colon, i
        if token.depth > depth:
            continue
        if token.text == "?":
            nested += 1
        elif token.text == ":":
            if nested:
                nested -= 1
            elif colon is None:
                colon = i
            else:
                return colon, i
    return None, None


def is_number(word):
    return re.match(r"\d|'[01]$", word) is not None


def slices(tokens, index, text):
    """Changes of the index or slice that the bracket at `index` opens."""
    end = closing(tokens, index)
    inner = tokens[index + 1 : end]
    separators = [t for t in inner if t.text in (":", "+:", "-:") and t.depth == tokens[index].depth + 1]
    begin, finish = tokens[index].end, tokens[end].begin
    if not separators:
        # A constant index has its neighbours from `constant`.
        if len(inner) > 1 or not is_number(inner[0].text):
            yield Change("index", begin, finish, f"({text[begin:finish]}) + 1")
        return
    at = separators[0]
    left, right = text[begin : at.begin].strip(), text[at.end : finish].strip()
    if at.text == ":":
        for sign in "+-":
            yield Change("index", begin, finish, f"({left}){sign}1:({right}){sign}1")
    else:
        yield Change("index", begin, finish, f"({left}) + 1 {at.text} {right}")
        yield Change("index", begin, finish, f"({left}) - 1 {at.text} {right}")


def mutants(text):
    """All changes of one file, in order of place."""
    tokens = tokens_of(text)
    fixed = protected(tokens)
    assigns = Statements(tokens).assigns
    in_reset = reset_ranges(tokens)
    found = []

    def add(operator, first, last, new):
        if not fixed.intersection(range(first, last + 1)):
            found.append(Change(operator, tokens[first].begin, tokens[last].end, new))

    for i, token in enumerate(tokens):
        word = token.text
        if i in assigns:
            first, end = assigns[i]
            add("dropped assignment", first, end, ";")
        elif word in SWAPS and (is_binary(tokens, i) or word in ("&", "|", "$signed")):
            add(SWAPS[word][0], i, i, SWAPS[word][1])
        elif word in ("!", "~") and tokens[i + 1].text != "=":
            if tokens[i + 1].text != "rst_ni":
                add("negation", i, i, "")
        elif is_number(word) and tokens[i + 1].text != "'":
            kind = "reset value" if any(a < i < b for a, b in in_reset) else "constant"
            casts = tokens[i - 1].text == "'" or text[token.end : token.end + 1] == "'"
            for new in [] if casts or in_slice(tokens, i) else number_changes(word):
                add(kind, i, i, new)
        elif word == "?":
            colon, end = ternary_ends(tokens, i)
            if colon:
                yes = text[tokens[i].end : tokens[colon].begin].strip()
                no = text[tokens[colon].end : tokens[end].begin].strip()
                add("swapped choice", i, end - 1, f"? ({no}) : ({yes})")
        elif word == "if" and "rst_ni" not in text[token.begin : tokens[closing(tokens, i + 1)].end]:
            end = closing(tokens, i + 1)
            condition = text[tokens[i + 1].begin : tokens[end].end]
            add("condition", i, end, f"if (!{condition})")
            add("condition", i, end, "if (1'b1)")
        elif word == "[" and not fixed.intersection(range(i, closing(tokens, i) + 1)):
            found.extend(slices(tokens, i, text))
    signed_declarations(text, tokens, found)
    return sorted(found)


def in_slice(tokens, index):
    """Whether the token is a bound of a slice: slices() moves these together."""
    for i in range(index - 1, max(index - 12, -1), -1):
        if tokens[i].text == "[" and tokens[i].depth < tokens[index].depth:
            inner = tokens[i + 1 : closing(tokens, i)]
            return any(t.text in (":", "+:", "-:") for t in inner)
    return False


def reset_ranges(tokens):
    """Token ranges of `if (!rst_ni) begin ... end`."""
    found = []
    for i in range(len(tokens) - 5):
        if [t.text for t in tokens[i : i + 6]] == ["if", "(", "!", "rst_ni", ")", "begin"]:
            nested = 0
            for j in range(i + 5, len(tokens)):
                nested += (tokens[j].text == "begin") - (tokens[j].text == "end")
                if nested == 0:
                    found.append((i, j))
                    break
        elif [t.text for t in tokens[i : i + 5]] == ["if", "(", "!", "rst_ni", ")"]:
            found.append((i, next(j for j in range(i, len(tokens)) if tokens[j].text == ";")))
    return found


def signed_declarations(text, tokens, found):
    """`logic signed` loses its sign; ports as well."""
    if not any(token.text == "module" for token in tokens):
        return
    for before, token in zip(tokens, tokens[1:]):
        if token.text == "signed" and before.text == "logic":
            found.append(Change("sign", before.begin, token.end, "logic"))


def apply(text, change):
    return text[: change.begin] + change.new + text[change.end :]
