/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AFL++'s door: persistent mode, test cases through shared memory. Built with afl-clang-fast only.
 */
#include <stdint.h>
#include <unistd.h>

#include "target.h"

/*
 * Programs per process: high enough to make its start cheap, low enough to bound what could pile
 * up.
 */
#define AFL_LOOPS 100000

__AFL_FUZZ_INIT();

int main(void)
{
    const unsigned char *data;

    __AFL_INIT();
    data = __AFL_FUZZ_TESTCASE_BUF;
    while (__AFL_LOOP(AFL_LOOPS)) {
        oneshot_run(&fuzz_target, data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    }
    return 0;
}
