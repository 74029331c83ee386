/* What the runtime uses of assert.h, for targets without a C library. */
#ifndef TYREX_FREESTANDING_ASSERT_H
#define TYREX_FREESTANDING_ASSERT_H

#define static_assert _Static_assert

#endif
