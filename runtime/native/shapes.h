/* Shapes that are known when a model runs: symbols, told by the dims of inputs.
 *
 * The same in Python: runtime/dims.py and runtime/matching.py. */
#ifndef TYREX_SHAPES_H
#define TYREX_SHAPES_H

#include "arguments.h"

/* A token of an expression in postfix: `n 2 * 1 +` is n * 2 + 1. */
enum tyrex_operation {
  TYREX_NUMBER, /* value */
  TYREX_SYMBOL, /* the symbol of that number */
  TYREX_ADD,
  TYREX_MULTIPLY,
  TYREX_FLOORDIV,
  TYREX_MOD,
  TYREX_MIN,
  TYREX_MAX
};

typedef struct tyrex_token {
  int64_t operation, value;
} tyrex_token;

typedef struct tyrex_dim {
  const tyrex_token *code;
  int32_t length;
  const char *text; /* as messages print it */
} tyrex_dim;

typedef struct tyrex_symbol {
  const char *name;
  int64_t lower, upper; /* both included */
} tyrex_symbol;

/* A dim of an input that tells a symbol: the dim is linear in it, and in no other that is not told
 * yet. */
typedef struct tyrex_tell {
  int32_t symbol, input, axis;
} tyrex_tell;

typedef struct tyrex_shapes {
  int32_t num_symbols, num_tells, num_sizes;
  const tyrex_symbol *symbols;
  const tyrex_tell *tells;           /* in an order in which they can be solved */
  const tyrex_dim *const *inputs;    /* dims of each input */
  const tyrex_dim *const *outputs;   /* dims of each output */
  const tyrex_dim *sizes;            /* bytes of the memory that a run takes, part by part */
} tyrex_shapes;

/* A signature whose dims have become numbers; one block of memory, for free. */
typedef struct tyrex_told {
  tyrex_signature signature;
  int64_t symbols[]; /* then the dims and the parameters */
} tyrex_told;

/* Tells the symbols by the shapes of `inputs`: NULL with the error set where they contradict each
 * other, or lead to sizes that no memory has. */
tyrex_told *tyrex_tell_by_shapes(const tyrex_signature *signature, const tyrex_shapes *shapes,
                                 const tyrex_tensor *const *inputs, int32_t num_inputs);
/* The same with values for the symbols at hand. */
tyrex_told *tyrex_tell_by_values(const tyrex_signature *signature, const tyrex_shapes *shapes,
                                 const int64_t *symbols);

#endif
