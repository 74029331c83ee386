r"""Programs as text: what `disassemble` writes, `assemble` reads.

    program 1
    metadata "producer" = "tyrex"
    kernel @add
    host @log
    constant 0: float32[2] = "0000803f00000040"

    func @main(x: float32[2]) -> (y: float32[2]) registers 4 {
      0: %1 = constant(#0)
      1: %2 = output(float32[2], 0)
      2: kernel @add(%0, %1, %2) at "Add \"add_1\" -> y"
      3: if %3 else 5
      4: goto 0
      5: ret %2
    }

A function of symbolic dims declares its symbols, `func @f<n, m in 1 to 64>(x: float32[n, m * 2])`;
such an expression stands in braces where it is an argument of its own: `storage({n * 256}, 64)`.
A call of another function is `%r = func @f(%0)`, one of the host `%r = host @log(%0)`. Constants
are the hexadecimal digits of their bytes; `elided` stands for those of large ones, which cannot be
read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar  # noqa: TID251  the runtime lacks typing_extensions

import numpy as np

from .bytecode import (
    MAX_DIM,
    Arg,
    ArgKind,
    Builtin,
    Call,
    CalleeKind,
    Constant,
    Function,
    Goto,
    If,
    Instruction,
    ObjectSpec,
    Param,
    Program,
    Ret,
    ShapeSpec,
    Spec,
    StringSpec,
    Symbol,
    TensorSpec,
    TupleSpec,
)
from .dims import Dim, SymbolicDim
from .dtype import DType
from .errors import DTypeError, LoadError

VERSION = 1
T = TypeVar("T")

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.$]*\Z")
_CALL_WORDS = {CalleeKind.KERNEL: "kernel", CalleeKind.FUNCTION: "func", CalleeKind.HOST: "host"}
_CALL_KINDS = {word: kind for kind, word in _CALL_WORDS.items()}


# ---- writing -----------------------------------------------------------------------------


def disassemble(program: Program, max_constant_bytes: int | None = None) -> str:
    """Return a program as text.

    Args:
        program: to write.
        max_constant_bytes: constants with more are `elided`; none is when None.
    """
    lines = [f"program {VERSION}"]
    lines += [f"metadata {_quoted(k)} = {_quoted(v)}" for k, v in program.metadata.items()]
    lines += [f"kernel @{_name(name)}" for name in program.kernels]
    lines += [f"host @{_name(name)}" for name in program.host_functions]
    for index, constant in enumerate(program.constants):
        is_long = max_constant_bytes is not None and constant.data.nbytes > max_constant_bytes
        digits = "elided" if is_long else f'"{constant.data.tobytes().hex()}"'
        lines.append(f"constant {index}: {constant.spec} = {digits}")
    for function in program.functions:
        lines += ["", *_function_lines(program, function)]
    return "\n".join(lines) + "\n"


def _function_lines(program: Program, function: Function) -> Iterable[str]:
    params, results = (
        ", ".join(f"{_name(name)}: {spec}" for name, spec in items)
        for items in (function.params, function.results)
    )
    symbols = f"<{', '.join(map(str, function.symbols))}>" if function.symbols else ""
    yield (
        f"func @{_name(function.name)}{symbols}({params}) -> ({results})"
        f" registers {function.num_registers} {{"
    )
    for index, instruction in enumerate(function.code):
        yield f"  {index}: {_instruction_text(program, instruction)}"
    yield "}"


def _instruction_text(program: Program, instruction: Instruction) -> str:
    match instruction:
        case Ret(values):
            return " ".join(("ret", ", ".join(f"%{reg}" for reg in values))).rstrip()
        case Goto(target):
            return f"goto {target}"
        case If(cond, target):
            return f"if %{cond} else {target}"
        case Call():
            return _call_text(program, instruction)


def _call_text(program: Program, call: Call) -> str:
    names = {
        CalleeKind.KERNEL: program.kernels,
        CalleeKind.FUNCTION: tuple(f.name for f in program.functions),
        CalleeKind.HOST: program.host_functions,
    }
    if call.kind is CalleeKind.BUILTIN:
        callee = Builtin(call.callee).name.lower()
    else:
        callee = f"{_CALL_WORDS[call.kind]} @{_name(names[call.kind][call.callee])}"
    result = "" if call.dst is None else f"%{call.dst} = "
    where = "" if call.location < 0 else f" at {_quoted(program.texts[call.location])}"
    args = ", ".join(_arg_text(program, arg) for arg in call.args)
    return f"{result}{callee}({args}){where}"


def _arg_text(program: Program, arg: Arg) -> str:
    match arg.kind:
        case ArgKind.REGISTER:
            return f"%{arg.value}"
        case ArgKind.INTEGER:
            return str(arg.value)
        case ArgKind.CONSTANT:
            return f"#{arg.value}"
        case ArgKind.SPEC:
            return str(program.specs[arg.value])
        case ArgKind.TEXT:
            return _quoted(program.texts[arg.value])
        case ArgKind.DIM:
            return f"{{{program.dims[arg.value]}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _name(name: str) -> str:
    return name if _WORD.match(name) else _quoted(name)


# ---- reading -----------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""[ \t\r]+ | (?P<comment>;[^\n]*) | (?P<newline>\n)
    | (?P<string>"(?:[^"\\\n]|\\.)*") | (?P<number>-?\d+)
    | (?P<word>[A-Za-z_][A-Za-z0-9_.$]*) | (?P<mark>->|[@%#(){}\[\]:=,?*+<>])""",
    re.VERBOSE,
)


def assemble(text: str, place: str = "program") -> Program:
    """Return the program that `text` says.

    Raises:
        LoadError: it says none; the line, what was found and what was expected.
    """
    parser = _Parser(text, place)
    try:
        program = parser.program()
    except DTypeError as error:
        parser.fail(str(error))
    program.validate()
    return program


class _Parser:
    """Reads tokens from left to right."""

    def __init__(self, text: str, place: str) -> None:
        self.place = place
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.functions: dict[str, int] = {}
        self.kernels: dict[str, int] = {}
        self.hosts: dict[str, int] = {}
        self.constants: list[Constant] = []
        self.specs: dict[Spec, int] = {}
        self.texts: dict[str, int] = {}
        self.dims: dict[SymbolicDim, int] = {}
        self._tokenize(text)

    def _tokenize(self, text: str) -> None:
        at, line = 0, 1
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise LoadError(f"{self.place}:{line}: found {text[at]!r}, which means nothing")
            at = match.end()
            kind = match.lastgroup
            if kind == "newline":
                line += 1
            elif kind is not None and kind != "comment":
                self.tokens.append((kind, match.group(), line))
        self.tokens.append(("end", "the end", line))
        # Functions call each other before they are read.
        words = [token[1] for token in self.tokens]
        for i, word in enumerate(words[:-2]):
            if word == "func" and words[i + 1] == "@" and (i == 0 or words[i - 1] not in ":="):
                name = words[i + 2]
                self.functions.setdefault(
                    json.loads(name) if name[0] == '"' else name, len(self.functions)
                )

    def fail(self, message: str) -> NoReturn:
        """Raise the error at the current token."""
        line = self.tokens[min(self.at, len(self.tokens) - 1)][2]
        raise LoadError(f"{self.place}:{line}: {message}")

    # ---- tokens ----------------------------------------------------------------------

    def peek(self, text: str) -> bool:
        return self.tokens[self.at][1] == text and self.tokens[self.at][0] != "string"

    def skip(self, text: str) -> bool:
        """Take a mark or word if it comes next."""
        if self.peek(text):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.skip(text):
            self.fail(f"expected {text!r}; found {self.tokens[self.at][1]!r}")

    def token(self, kind: str, what: str) -> str:
        found = self.tokens[self.at]
        if found[0] != kind:
            self.fail(f"expected {what}; found {found[1]!r}")
        self.at += 1
        return found[1]

    def number(self) -> int:
        return int(self.token("number", "a number"))

    def string(self) -> str:
        raw = self.token("string", "a text in quotes")
        try:
            return json.loads(raw)
        except ValueError as error:
            self.fail(f"a text that cannot be read: {error}")

    def name(self) -> str:
        if self.tokens[self.at][0] == "string":
            return self.string()
        return self.token("word", "a name")

    def items(self, end: str, read: Callable[[], T]) -> list[T]:
        """Read elements with commas up to `end`."""
        result: list[T] = []
        while not self.skip(end):
            if result:
                self.expect(",")
            result.append(read())
        return result

    # ---- the program -----------------------------------------------------------------

    def program(self) -> Program:
        self.expect("program")
        if (version := self.number()) != VERSION:
            self.fail(f"found version {version}, expected {VERSION}")
        metadata: dict[str, str] = {}
        functions: list[Function] = []
        while self.tokens[self.at][0] != "end":
            word = self.token("word", "a declaration")
            match word:
                case "metadata":
                    key = self.string()
                    self.expect("=")
                    metadata[key] = self.string()
                case "kernel" | "host":
                    self.expect("@")
                    table = self.kernels if word == "kernel" else self.hosts
                    table.setdefault(self.name(), len(table))
                case "constant":
                    self.constants.append(self.constant())
                case "func":
                    functions.append(self.function())
                case _:
                    self.at -= 1
                    self.fail(f"expected kernel, host, constant or func; found {word!r}")
        return Program(
            tuple(functions),
            tuple(self.kernels),
            tuple(self.hosts),
            tuple(self.constants),
            tuple(self.specs),
            tuple(self.texts),
            metadata,
            tuple(self.dims),
        )

    def constant(self) -> Constant:
        if (index := self.number()) != len(self.constants):
            self.fail(f"expected constant {len(self.constants)}; found {index}")
        self.expect(":")
        spec = self.spec()
        self.expect("=")
        if self.peek("elided"):
            self.fail("the bytes of this constant were left out of the text")
        digits = self.string()
        try:
            data = np.frombuffer(bytes.fromhex(digits), np.uint8)
        except ValueError as error:
            self.fail(f"a constant's digits: {error}")
        if not isinstance(spec, TensorSpec) or spec.size_bytes != data.nbytes:
            self.fail(f"a constant of type {spec} with {data.nbytes} bytes")
        return Constant(spec, data)

    def spec(self) -> Spec:
        if self.skip("("):
            return TupleSpec(tuple(self.items(")", self.spec)))
        if self.skip("object"):
            return ObjectSpec()
        if self.skip("string"):
            return StringSpec()
        if self.skip("shape"):
            return self.shape_spec()
        dtype = DType(self.token("word", "a type"))
        self.expect("[")
        if self.skip("*"):
            self.expect("]")
            return TensorSpec(dtype, None)
        return TensorSpec(dtype, tuple(self.items("]", self.dim)))

    def shape_spec(self) -> ShapeSpec:
        if not self.skip("["):
            return ShapeSpec()
        rank = self.number()
        self.expect("]")
        return ShapeSpec(rank)

    def dim(self) -> Dim:
        if self.skip("?"):
            return None
        code = self.sum()
        if len(code) > 1 or isinstance(code[0], str):
            return SymbolicDim(tuple(code))
        if not 0 <= code[0] <= MAX_DIM:
            self.fail(f"a dim of {code[0]}")
        return code[0]

    def sum(self) -> list[int | str]:
        """Read a sum as postfix."""
        code = self.product()
        while self.skip("+"):
            code += [*self.product(), "+"]
        return code

    def product(self) -> list[int | str]:
        """Read products, quotients and remainders as postfix."""
        code = self.leaf()
        while word := next(filter(self.skip, ("*", "floordiv", "mod")), None):
            code += [*self.leaf(), word]
        return code

    def leaf(self) -> list[int | str]:
        """Read a number, a symbol, a sum in parentheses, or a minimum or maximum of two."""
        if self.tokens[self.at][0] == "number":
            return [self.number()]
        if self.skip("("):
            code = self.sum()
            self.expect(")")
            return code
        word = self.token("word", "a dim")
        if word not in ("min", "max"):
            return [word]
        self.expect("(")
        code = self.sum()
        self.expect(",")
        code += [*self.sum(), word]
        self.expect(")")
        return code

    def symbol(self) -> Symbol:
        name = self.token("word", "a symbol")
        if not self.skip("in"):
            return Symbol(name)
        lower = self.number()
        self.expect("to")
        return Symbol(name, lower, None if self.skip("?") else self.number())

    def param(self) -> Param:
        name = self.name()
        self.expect(":")
        return Param(name, self.spec())

    def function(self) -> Function:
        self.expect("@")
        name = self.name()
        symbols = tuple(self.items(">", self.symbol)) if self.skip("<") else ()
        self.expect("(")
        params = tuple(self.items(")", self.param))
        self.expect("->")
        self.expect("(")
        results = tuple(self.items(")", self.param))
        self.expect("registers")
        num_registers = self.number()
        self.expect("{")
        code: list[Instruction] = []
        while not self.skip("}"):
            if (index := self.number()) != len(code):
                self.fail(f"expected instruction {len(code)}; found {index}")
            self.expect(":")
            code.append(self.instruction())
        return Function(name, params, results, num_registers, tuple(code), symbols)

    def register(self) -> int:
        self.expect("%")
        return self.number()

    def instruction(self) -> Instruction:
        if self.skip("goto"):
            return Goto(self.number())
        if self.skip("if"):
            cond = self.register()
            self.expect("else")
            return If(cond, self.number())
        if self.skip("ret"):
            values = [self.register()] if self.peek("%") else []
            while self.skip(","):
                values.append(self.register())
            return Ret(tuple(values))
        return self.call()

    def call(self) -> Call:
        dst = None
        if self.peek("%"):
            dst = self.register()
            self.expect("=")
        word = self.token("word", "an instruction")
        kind = _CALL_KINDS.get(word, CalleeKind.BUILTIN)
        if kind is CalleeKind.BUILTIN:
            if word.upper() not in Builtin.__members__ or word.upper() == word:
                self.fail(f"found {word!r}, which is no instruction")
            callee = int(Builtin[word.upper()])
        else:
            callee = self.callee(kind)
        self.expect("(")
        args = tuple(self.items(")", self.arg))
        location = self._position(self.texts, self.string()) if self.skip("at") else -1
        return Call(kind, callee, args, dst, location)

    def callee(self, kind: CalleeKind) -> int:
        self.expect("@")
        name = self.name()
        tables = {
            CalleeKind.KERNEL: self.kernels,
            CalleeKind.FUNCTION: self.functions,
            CalleeKind.HOST: self.hosts,
        }
        if name not in tables[kind]:
            self.fail(f"{_CALL_WORDS[kind]} @{name} is not declared")
        return tables[kind][name]

    def arg(self) -> Arg:
        if self.peek("%"):
            return Arg(ArgKind.REGISTER, self.register())
        if self.skip("#"):
            return Arg(ArgKind.CONSTANT, self.number())
        if self.skip("{"):
            dim = SymbolicDim(tuple(self.sum()))
            self.expect("}")
            return Arg(ArgKind.DIM, self._position(self.dims, dim))
        kind = self.tokens[self.at][0]
        if kind == "number":
            return Arg(ArgKind.INTEGER, self.number())
        if kind == "string":
            return Arg(ArgKind.TEXT, self._position(self.texts, self.string()))
        return Arg(ArgKind.SPEC, self._position(self.specs, self.spec()))

    @staticmethod
    def _position(table: dict[Any, int], key: Any) -> int:
        return table.setdefault(key, len(table))
