"""What numba does once a kernel, and not once for each function of it.

numba optimizes every function that a kernel calls, and makes machine code of it, as if Python could
call it, too; then the same again where it is inlined, at every level: three quarters of the time
that compiling takes, for code that nobody runs. Here the functions of a kernel stay as they were
lowered until the kernel itself, with all of them inside, is optimized and made machine code.
Optimizing reorders no floating-point operation, so that all bits are the same.
"""

import ctypes
from typing import Any

from numba.core import codegen, compiler

# What Python would call in place of machine code that is not there: it raises TypeError.
_NOTHING = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value


class _Unfinished(codegen.JITCodeLibrary):
    """Code of a function that is only ever linked into a kernel's."""

    @property
    def codegen(self) -> Any:
        """What is asked to tell machine code its constants; there is none to tell."""
        return _NoEnvironment(self._codegen)

    def get_pointer_to_function(self, name: str) -> int | None:
        """Return where Python finds that it cannot call this."""
        self._ensure_finalized()  # type: ignore[no-untyped-call]
        return _NOTHING

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._verify_declare_only_symbols()  # type: ignore[no-untyped-call]
        self._finalized = True


class _NoEnvironment:
    def __init__(self, of: Any) -> None:
        self._of = of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)

    def set_env(self, name: str, environment: object) -> None:
        """Do nothing."""


def _library(kind: type, state: Any) -> Any:
    return kind(state.targetctx.codegen(), state.func_id.func_qualname)


class PartCompiler(compiler.Compiler):
    """Compiles a function that only kernels call."""

    def define_pipelines(self) -> Any:
        """Return numba's own steps, for code that stays unfinished."""
        self.state.library = _library(_Unfinished, self.state)
        return super().define_pipelines()  # type: ignore[no-untyped-call]


class KernelCompiler(compiler.Compiler):
    """Compiles a kernel; all that numba makes for its sake meanwhile stays unfinished.

    That is the body of each parallel loop, and functions of numba's own. Only one thread compiles.
    """

    def define_pipelines(self) -> Any:
        """Return numba's own steps, for code that is finished whatever is around it."""
        self.state.library = _library(codegen.JITCodeLibrary, self.state)
        self.state.library.enable_object_caching()
        return super().define_pipelines()  # type: ignore[no-untyped-call]

    def _compile_core(self) -> Any:
        code = self.state.targetctx.codegen()
        before = code._library_class
        code._library_class = _Unfinished
        try:
            return super()._compile_core()  # type: ignore[no-untyped-call]
        finally:
            code._library_class = before
