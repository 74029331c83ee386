// The passes of each level of optimisation, with why they stand there.

// RUN: tyrex compile --print-pipeline -O0 | filecheck %s --check-prefix O0
// RUN: tyrex compile --print-pipeline -O1 | filecheck %s --check-prefix O1
// RUN: tyrex compile --print-pipeline | filecheck %s --check-prefix O2

// O0: -O0: one kernel per operator
// O0-NOT: fuse-ops
// O0: legalize-ops {{.+}}
// O0-NOT: fuse-ops
// O0: lower-to-llvm{contract=false}

// O1: -O1: fusion, exact math
// O1-NOT: fold-batch-norm
// O1: fuse-ops {{.+}}
// O1: lower-to-llvm{contract=false}

// O2: -O2: fusion, layouts and schedules
// O2: fold-batch-norm {{.+}}
// O2: schedule-default {{.+}}
// O2: lower-to-llvm {{.+}}
