/* Signals during a long run: Python's handlers run between pieces of loops, and what they raise
 * (KeyboardInterrupt) ends the run. */
#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and on */
#include <Python.h>

#include "tyrex.h"

#include <pthread.h>
#include <stdatomic.h>

/* The thread that runs handlers, as Python's threading.get_ident() tells it. */
static _Atomic unsigned long main_thread;
/* What a handler raised; under the GIL. */
static PyObject *raised_type, *raised, *raised_trace;

static int32_t check_signals(void) {
  if (PyThread_get_thread_ident() != atomic_load(&main_thread)) {
    return TYREX_OK;
  }
  PyGILState_STATE state = PyGILState_Ensure();
  int32_t code = TYREX_OK;
  if (PyErr_CheckSignals() != 0) {
    Py_CLEAR(raised_type);
    Py_CLEAR(raised);
    Py_CLEAR(raised_trace);
    PyErr_Fetch(&raised_type, &raised, &raised_trace);
    PyErr_NormalizeException(&raised_type, &raised, &raised_trace);
    code = TYREX_ERROR_INTERRUPTED;
  }
  PyGILState_Release(state);
  return code;
}

/* From now on, runs of Python's main thread look for signals. */
TYREX_API void tyrex_watch_signals(uint64_t thread) {
  atomic_store(&main_thread, (unsigned long)thread);
  tyrex_set_poll(check_signals);
}

/* What a handler raised, once; None where it is gone. Called with the GIL held. */
TYREX_API PyObject *tyrex_take_interrupt(void) {
  PyObject *result = raised;
  raised = NULL;
  Py_CLEAR(raised_type);
  Py_CLEAR(raised_trace);
  if (!result) {
    Py_RETURN_NONE;
  }
  return result;
}
