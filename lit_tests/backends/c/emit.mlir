// What a kernel and a program are in C. That they compute the same is tested with a compiler.

// RUN: tyrex compile %s --to c | filecheck %s

!Square = !tir.buffer<[4, 4], f32, "stack">
!T = !relax.tensor<[4, 8], f32>
!B = !tir.buffer<[4, 8], f32>

// Weights are numbers of their type; what nobody uses is not there.
// CHECK-NOT: constant1
// CHECK: /* float32[2] */
// CHECK-NEXT: static const float constant0[2] = {
// CHECK-NEXT: 1.0e+00f, 2.5e+00f,

// What is read and written is told apart; other buffers do not overlap.
// CHECK-LABEL: static void kernel_copy_0(const float *restrict x_0, float *restrict y_0) {
tir.func @copy(%x: !B) -> (%y: !B) {
  // An expression that is used once stands where it is used; the unused one is gone.
  %unused = arith.constant 5.0 : f32
  tir.for %i in 4 serial {
    // CHECK: TYREX_INDEPENDENT
    // CHECK-NEXT: for (int64_t [[J:[a-z]+_0]] = 0; [[J]] < 8; [[J]]++) {
    tir.for %j in 8 vectorized {
      // CHECK-NEXT: y_0[{{.*}}] = x_0[{{.*}}] + 0x1.99999ap-4f;
      %a = tir.load %x[%i, %j] : !B
      %tenth = arith.constant 0.1 : f32
      %b = arith.addf %a, %tenth : f32
      tir.store %b, %y[%i, %j] : !B
    }
  }
  tir.for %k in 4 serial {
    // A load does not move across a store.
    // CHECK: const float [[A:c_0]] = x_0[{{.*}}];
    // CHECK-NEXT: y_0[{{.*}}] = 0.0f;
    // CHECK-NEXT: y_0[{{.*}}] = [[A]];
    %c = tir.load %x[%k, 0] : !B
    %zero = arith.constant 0.0 : f32
    tir.store %zero, %y[%k, 0] : !B
    tir.store %c, %y[%k, 1] : !B
    // Memory is touched only where the condition holds.
    // CHECK-NEXT: y_0[{{.*}}] = (k_0 - 1 >= 0) ? x_0[{{.*}}] : 0.0f;
    %d = tir.predicated_load %x[%k - 1, 2] where (%k - 1 >= 0) else %zero : !B
    tir.store %d, %y[%k, 2] : !B
    // CHECK-NEXT: if (k_0 - 2 >= 0) {
    // CHECK-NEXT: y_0[{{.*}}] = tyrex_max_strict_f32({{.*}}, 0.0f);
    %e = arith.maximumf %c, %zero : f32
    tir.predicated_store %e, %y[%k, 3] where (%k - 2 >= 0) : !B
  }
}

// A parallel loop is a function; what it needs travels in a struct.
// CHECK: struct kernel_parts_0_part0 {
// CHECK-NEXT: const float *x_0;
// CHECK-NEXT: float *y_0;
// CHECK-NEXT: };
// CHECK: static int32_t kernel_parts_0_part0(void *closure, int64_t begin, int64_t end) {
// CHECK-NEXT: const struct kernel_parts_0_part0 *const given = closure;
// CHECK-LABEL: static int32_t kernel_parts_0(TYREX_CONTEXT *context, const float *restrict x_0, float *restrict y_0) {
// CHECK: const int32_t code = tyrex_parallel_for(context, kernel_parts_0_part0, &closure, 4);
// CHECK: return 0;
tir.func @parts(%x: !B) -> (%y: !B) {
  tir.for %i in 4 parallel {
    %t = tir.alloc : !Square
    tir.for %j in 4 unrolled {
      tir.for %k in 4 vectorized {
        %a = tir.load %x[%j, %k] : !B
        tir.store %a, %t[%j, %k] : !Square
      }
    }
    tir.transpose %t : !Square
    tir.for %j in 4 serial {
      %b = tir.load %t[%i, %j] : !Square
      tir.store %b, %y[%i, %j] : !B
      %zero = arith.constant 0.0 : f32
      tir.store %zero, %y[%i, %j + 4] : !B
    }
  }
}

// Integers wrap: they are unsigned, and read as signed where that matters.
// CHECK-LABEL: static void kernel_whole_0(
// CHECK: const uint32_t [[X:a_0]] = x_0[0];
// CHECK: y_0[0] = ([[X]] + 3u) * [[X]];
// CHECK: y_0[1] = (uint32_t)((int32_t)[[X]] >> (3u & 31u));
// CHECK: y_0[2] = tyrex_divs32([[X]], 3u);
tir.func @whole(%x: !tir.buffer<[1], i32>) -> (%y: !tir.buffer<[3], i32>) {
  %a = tir.load %x[0] : !tir.buffer<[1], i32>
  %three = arith.constant 3 : i32
  %b = arith.addi %a, %three : i32
  %c = arith.muli %b, %a : i32
  tir.store %c, %y[0] : !tir.buffer<[3], i32>
  %d = arith.shrsi %a, %three : i32
  tir.store %d, %y[1] : !tir.buffer<[3], i32>
  %e = arith.divsi %a, %three : i32
  tir.store %e, %y[2] : !tir.buffer<[3], i32>
}

// CHECK-LABEL: static int32_t program_main_0(TYREX_CONTEXT *context, unsigned char *memory, void *in0, void *in1, void *out0, void *out1, void *out2) {
// CHECK: t_0 = memory;
// CHECK: kernel_copy_0(in0, t_0);
// CHECK-NEXT: code = kernel_parts_0(context, t_0, out0);
// CHECK-NEXT: if (code != 0) {
// CHECK: kernel_whole_0(in1, out1);
// CHECK: memmove(out2, TYREX_CONSTANT(0), 8u);
// CHECK-LABEL: int32_t model_run(
vm.func @main(%x: !T, %n: !relax.tensor<[1], i32>) -> (!T, !relax.tensor<[3], i32>, !relax.tensor<[2], f32>) {
  %arena = vm.alloc_storage {size_bytes = 128 : i64, align_bytes = 64 : i64} : !vm.storage
  %t = vm.tensor %arena {offset = 0 : i64} : !T
  vm.call @copy(%x) -> (%t) : (!T) -> !T
  %y = vm.alloc_output {index = 0 : i64} : !T
  vm.call @parts(%t) -> (%y) : (!T) -> !T
  %z = vm.alloc_output {index = 1 : i64} : !relax.tensor<[3], i32>
  vm.call @whole(%n) -> (%z) : (!relax.tensor<[1], i32>) -> !relax.tensor<[3], i32>
  %w = vm.constant <[2], f32, [1.0, 2.5]> : !relax.tensor<[2], f32>
  vm.return %y, %z, %w : !T, !relax.tensor<[3], i32>, !relax.tensor<[2], f32>
}
vm.func @unused() -> (!relax.tensor<[1], f32>) {
  %w = vm.constant <[1], f32, [2.0]> : !relax.tensor<[1], f32>
  vm.return %w : !relax.tensor<[1], f32>
}
