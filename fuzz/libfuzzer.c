/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer's doors: one input, our mutator, our crossover. */
#include <stddef.h>
#include <stdint.h>

#include "target.h"

/* Declared by the engine. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return oneshot_run(&fuzz_target, data, size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size_t made = oneshot_mutate(&fuzz_target, data, size, max_size, seed);

    return made ? made : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size, unsigned seed)
{
    return oneshot_crossover(&fuzz_target, a, a_size, b, b_size, out, max_size, seed);
}
