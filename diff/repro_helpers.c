/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of C reproducers: each file has those that its steps call. */
#include "repro_c.h"

#define BIT(h) (UINT64_C(1) << HELPER_##h)

static const char step[] = "static int step_number;\n"
                           "static const char *step_text = \"\";\n"
                           "\n"
                           "/* What comes next. */\n"
                           "static void step(int number, const char *text)\n"
                           "{\n"
                           "    step_number = number;\n"
                           "    step_text = text;\n"
                           "}\n";

static const char base[] =
    "/* One line to standard error, past all streams: they would map memory of their own. */\n"
    "__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)\n"
    "{\n"
    "    char line[1024];\n"
    "    va_list args;\n"
    "    int n;\n"
    "\n"
    "    va_start(args, format);\n"
    "    n = vsnprintf(line, sizeof(line) - 1, format, args);\n"
    "    va_end(args);\n"
    "    n = n < (int)sizeof(line) - 1 ? n : (int)sizeof(line) - 2;\n"
    "    line[n] = '\\n';\n"
    "    if (write(STDERR_FILENO, line, (size_t)n + 1) < 0) {\n"
    "        _exit(2);\n"
    "    }\n"
    "}\n"
    "\n"
    "/* The steps cannot be taken here. */\n"
    "static _Noreturn void cannot(const char *why)\n"
    "{\n"
    "    say(\"cannot run here: %s\", why);\n"
    "    _exit(2);\n"
    "}\n";

static const char differs[] =
    "/* The step did not do what it should. */\n"
    "static _Noreturn void differs(const char *expected, const char *got)\n"
    "{\n"
    "    say(\"step %d: %s: expected %s, got %s\", step_number, step_text, expected, got);\n"
    "    _exit(1);\n"
    "}\n";

static const char failure[] =
    "/* A failure with this errno, in words; 0: with any. */\n"
    "static const char *failure(int error)\n"
    "{\n"
    "    static const struct {\n"
    "        int number;\n"
    "        const char *text;\n"
    "    } names[] = {\n"
    "        {0, \"-1\"},\n"
    "        {EPERM, \"-1 EPERM\"},\n"
    "        {EIO, \"-1 EIO\"},\n"
    "        {EBADF, \"-1 EBADF\"},\n"
    "        {EAGAIN, \"-1 EAGAIN\"},\n"
    "        {ENOMEM, \"-1 ENOMEM\"},\n"
    "        {EACCES, \"-1 EACCES\"},\n"
    "        {EFAULT, \"-1 EFAULT\"},\n"
    "        {EBUSY, \"-1 EBUSY\"},\n"
    "        {EEXIST, \"-1 EEXIST\"},\n"
    "        {ENODEV, \"-1 ENODEV\"},\n"
    "        {EINVAL, \"-1 EINVAL\"},\n"
    "        {ENFILE, \"-1 ENFILE\"},\n"
    "        {ETXTBSY, \"-1 ETXTBSY\"},\n"
    "        {ENOSYS, \"-1 ENOSYS\"},\n"
    "        {EOVERFLOW, \"-1 EOVERFLOW\"},\n"
    "        {EOPNOTSUPP, \"-1 EOPNOTSUPP\"},\n"
    "    };\n"
    "    static char other[32];\n"
    "\n"
    "    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {\n"
    "        if (names[i].number == error) {\n"
    "            return names[i].text;\n"
    "        }\n"
    "    }\n"
    "    snprintf(other, sizeof(other), \"-1 with errno %d\", error);\n"
    "    return other;\n"
    "}\n";

static const char succeeds[] = "/* The call returned 0. */\n"
                               "static void succeeds(int result)\n"
                               "{\n"
                               "    if (result != 0) {\n"
                               "        differs(\"0\", failure(errno));\n"
                               "    }\n"
                               "}\n";

static const char fails[] = "/* The call failed with this errno; 0: with any. */\n"
                            "static void fails(int result, int error)\n"
                            "{\n"
                            "    if (result == 0) {\n"
                            "        differs(failure(error), \"0\");\n"
                            "    }\n"
                            "    if (error != 0 && errno != error) {\n"
                            "        differs(failure(error), failure(errno));\n"
                            "    }\n"
                            "}\n";

static const char maps[] = "/* The call mapped something, anywhere. */\n"
                           "static char *maps(void *result)\n"
                           "{\n"
                           "    if (result == MAP_FAILED) {\n"
                           "        differs(\"an address\", failure(errno));\n"
                           "    }\n"
                           "    return result;\n"
                           "}\n";

static const char maps_at[] = "/* The call mapped something at this address. */\n"
                              "static char *maps_at(void *result, void *address)\n"
                              "{\n"
                              "    char expected[40];\n"
                              "    char got[40];\n"
                              "\n"
                              "    snprintf(expected, sizeof(expected), \"%p\", address);\n"
                              "    if (result == MAP_FAILED) {\n"
                              "        differs(expected, failure(errno));\n"
                              "    }\n"
                              "    if (result != address) {\n"
                              "        snprintf(got, sizeof(got), \"%p\", result);\n"
                              "        differs(expected, got);\n"
                              "    }\n"
                              "    return result;\n"
                              "}\n";

static const char maps_not[] =
    "/* The call mapped nothing: it failed with this errno; 0: with any. */\n"
    "static void maps_not(void *result, int error)\n"
    "{\n"
    "    char got[40];\n"
    "\n"
    "    if (result != MAP_FAILED) {\n"
    "        snprintf(got, sizeof(got), \"%p\", result);\n"
    "        differs(failure(error), got);\n"
    "    }\n"
    "    if (error != 0 && errno != error) {\n"
    "        differs(failure(error), failure(errno));\n"
    "    }\n"
    "}\n";

static const char absolute[] = "/* An address as it is. */\n"
                               "static char *absolute(uintptr_t address)\n"
                               "{\n"
                               "    return (char *)address;\n"
                               "}\n";

static const char window[] = "/* Where the steps' \"@0\" is. */\n"
                             "static uintptr_t window;\n";

static const char at[] = "static char *at(uintptr_t offset)\n"
                         "{\n"
                         "    return (char *)(window + offset);\n"
                         "}\n";

static const char is_free[] =
    "/* Whether nothing is mapped in SIZE bytes from START. */\n"
    "static int is_free(uintptr_t start, size_t size)\n"
    "{\n"
    "    void *got = mmap((void *)start, size, PROT_NONE, PLACE_HOLDER, -1, 0);\n"
    "\n"
    "    if (got != MAP_FAILED) {\n"
    "        munmap(got, size);\n"
    "    }\n"
    "    return got == (void *)start;\n"
    "}\n";

static const char find_window[] =
    "/* \"@0\" goes where SIZE bytes from LOW behind it are free, away from where maps are placed. "
    "*/\n"
    "static void find_window(uintptr_t low, size_t size)\n"
    "{\n"
    "    static const uintptr_t tries[] = {\n"
    "#if UINTPTR_MAX > 0xffffffff\n"
    "        0x200000000000, 0x100000000000, 0x10000000000, 0x6000000000, 0x3000000000, "
    "0x1000000000,\n"
    "#endif\n"
    "        0x60000000, 0x50000000, 0x30000000, 0x20000000, 0x90000000, 0x10000000,\n"
    "    };\n"
    "\n"
    "    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {\n"
    "        if (is_free(tries[i] + low, size)) {\n"
    "            window = tries[i];\n"
    "            return;\n"
    "        }\n"
    "    }\n"
    "    cannot(\"there is no free stretch of addresses\");\n"
    "}\n";

static const char make_room[] =
    "/*\n"
    " * START to LAST is left free and nothing else is, so that whatever the system places comes\n"
    " * there; TAKEN bytes at its top are mapped.\n"
    " */\n"
    "static void make_room(uintptr_t start, uintptr_t last, size_t taken)\n"
    "{\n"
    "    size_t page = (size_t)sysconf(_SC_PAGESIZE);\n"
    "    volatile char stack[1 << 18]; /* it must not have to grow later */\n"
    "    char *room;\n"
    "\n"
    "    for (size_t i = 0; i < sizeof(stack); i += page) {\n"
    "        stack[i] = 0;\n"
    "    }\n"
    "    if (!is_free(start, last - start + 1) && start < 0x10000000) {\n"
    "        start = 0x10000000; /* above a program that is linked low */\n"
    "    }\n"
    "    room = mmap((void *)start, last - start + 1, PROT_NONE, PLACE_HOLDER, -1, 0);\n"
    "    if (room != (char *)start) {\n"
    "        cannot(\"the room that the steps need is not free (try -fPIE -pie, or without "
    "-static)\");\n"
    "    }\n"
    "    for (size_t size = SIZE_MAX / 2 + 1; size >= page; size /= 2) {\n"
    "        while (mmap(NULL, size, PROT_NONE, PLACE_HOLDER, -1, 0) != MAP_FAILED) {\n"
    "        }\n"
    "    }\n"
    "    munmap(room, last - start + 1);\n"
    "    if (taken > 0 && mmap((void *)(last - taken + 1), taken, PROT_NONE, PLACE_HOLDER | "
    "MAP_FIXED,\n"
    "                          -1, 0) == MAP_FAILED) {\n"
    "        cannot(\"the top of the room cannot be mapped\");\n"
    "    }\n"
    "}\n";

static const char need_free[] = "/* The steps name absolute addresses. */\n"
                                "static void need_free(uintptr_t start, size_t size)\n"
                                "{\n"
                                "    if (!is_free(start, size)) {\n"
                                "        cannot(\"addresses that the steps name are in use (try "
                                "-fPIE -pie, or without -static)\");\n"
                                "    }\n"
                                "}\n";

static const char not_open[] = "/* A descriptor that is not open. */\n"
                               "#define NOT_OPEN(n) (0x40000000 + (n))\n";

static const char file[] =
    "/* A new file, and a path that opens it again. */\n"
    "static int new_file(char *path, size_t size)\n"
    "{\n"
    "#ifdef SYS_memfd_create\n"
    "    int fd = (int)syscall(SYS_memfd_create, \"repro\", 0);\n"
    "\n"
    "    if (fd >= 0) {\n"
    "        snprintf(path, size, \"/proc/self/fd/%d\", fd);\n"
    "        return fd;\n"
    "    }\n"
    "#endif\n"
    "    snprintf(path, size, \"/tmp/repro-XXXXXX\");\n"
    "    return mkstemp(path);\n"
    "}\n"
    "\n"
    "static void fill(int fd, int number, off_t from, off_t to)\n"
    "{\n"
    "    static unsigned char bytes[65536];\n"
    "\n"
    "    while (from < to) {\n"
    "        size_t n = to - from < (off_t)sizeof(bytes) ? (size_t)(to - from) : sizeof(bytes);\n"
    "        ssize_t done;\n"
    "\n"
    "        for (size_t i = 0; i < n; i++) {\n"
    "            bytes[i] = (unsigned char)(1 + ((from + (off_t)i) / 512 + 37 * number) % 251);\n"
    "        }\n"
    "        done = pwrite(fd, bytes, n, from);\n"
    "        if (done <= 0) {\n"
    "            cannot(\"a file cannot be filled\");\n"
    "        }\n"
    "        from += done;\n"
    "    }\n"
    "}\n"
    "\n"
    "/*\n"
    " * File NUMBER of SIZE bytes, opened as MODE says. Byte o of its first HEAD bytes and its "
    "last TAIL\n"
    " * is 1 + (o / 512 + 37 * NUMBER) mod 251; all between them are zeros.\n"
    " */\n"
    "static int file(int number, off_t size, off_t head, off_t tail, int mode)\n"
    "{\n"
    "    char path[64];\n"
    "    int fd = new_file(path, sizeof(path));\n"
    "    int again = fd;\n"
    "\n"
    "    if (fd < 0 || ftruncate(fd, size) != 0) {\n"
    "        cannot(\"a file cannot be made\");\n"
    "    }\n"
    "    fill(fd, number, 0, head);\n"
    "    fill(fd, number, size - tail, size);\n"
    "    if (mode != O_RDWR) {\n"
    "        again = open(path, mode);\n"
    "        if (again < 0) {\n"
    "            cannot(\"a file cannot be opened again\");\n"
    "        }\n"
    "        close(fd);\n"
    "    }\n"
    "    if (strncmp(path, \"/tmp/\", 5) == 0) {\n"
    "        unlink(path);\n"
    "    }\n"
    "    return again;\n"
    "}\n";

static const char go_over[] =
    "static sigjmp_buf before_access;\n"
    "static volatile sig_atomic_t in_access;\n"
    "static volatile sig_atomic_t fault;\n"
    "static unsigned char *volatile accessed; /* volatile: no compiler shall look through it */\n"
    "static int first_byte;  /* of the last load, */\n"
    "static int other_bytes; /* and whether others differ from it */\n"
    "\n"
    "static void on_fault(int number)\n"
    "{\n"
    "    if (!in_access) {\n"
    "        signal(number, SIG_DFL); /* not one of the steps' own: it happens again */\n"
    "        return;\n"
    "    }\n"
    "    fault = number;\n"
    "    siglongjmp(before_access, 1);\n"
    "}\n"
    "\n"
    "static void catch_faults(void)\n"
    "{\n"
    "    struct sigaction action;\n"
    "\n"
    "    memset(&action, 0, sizeof(action));\n"
    "    action.sa_handler = on_fault;\n"
    "    sigemptyset(&action.sa_mask);\n"
    "    if (sigaction(SIGSEGV, &action, NULL) != 0 || sigaction(SIGBUS, &action, NULL) != 0) {\n"
    "        cannot(\"signals cannot be caught\");\n"
    "    }\n"
    "}\n"
    "\n"
    "static void touch(volatile unsigned char *bytes, size_t size, int byte)\n"
    "{\n"
    "    if (byte >= 0) {\n"
    "        for (size_t i = 0; i < size; i++) {\n"
    "            bytes[i] = (unsigned char)byte;\n"
    "        }\n"
    "        return;\n"
    "    }\n"
    "    first_byte = bytes[0];\n"
    "    other_bytes = 0;\n"
    "    for (size_t i = 0; i < size; i++) {\n"
    "        if (bytes[i] != first_byte) {\n"
    "            other_bytes = 1;\n"
    "        }\n"
    "    }\n"
    "}\n"
    "\n"
    "/* Fills SIZE bytes with BYTE, or reads them if that is -1, upwards. The signal; 0: none. */\n"
    "static int go_over(void *address, size_t size, int byte)\n"
    "{\n"
    "    accessed = address;\n"
    "    fault = 0;\n"
    "    if (sigsetjmp(before_access, 1) == 0) {\n"
    "        in_access = 1;\n"
    "        touch(accessed, size, byte);\n"
    "    }\n"
    "    in_access = 0;\n"
    "    return fault;\n"
    "}\n";

static const char shown[] = "/* What a load or a store came to, in words. */\n"
                            "static const char *shown(int signal_number, int is_load)\n"
                            "{\n"
                            "    static char text[40];\n"
                            "\n"
                            "    if (signal_number != 0) {\n"
                            "        return signal_number == SIGBUS ? \"SIGBUS\" : \"SIGSEGV\";\n"
                            "    }\n"
                            "    if (!is_load) {\n"
                            "        return \"ok\";\n"
                            "    }\n"
                            "    snprintf(text, sizeof(text), \"0x%x%s\", (unsigned)first_byte,\n"
                            "             other_bytes ? \" and other bytes\" : \"\");\n"
                            "    return text;\n"
                            "}\n";

static const char stores[] = "/* SIZE bytes can be filled with BYTE. */\n"
                             "static void stores(void *address, size_t size, int byte)\n"
                             "{\n"
                             "    int number = go_over(address, size, byte);\n"
                             "\n"
                             "    if (number != 0) {\n"
                             "        differs(\"ok\", shown(number, 0));\n"
                             "    }\n"
                             "}\n";

static const char store_faults[] =
    "/* Filling SIZE bytes raises this signal. */\n"
    "static void store_faults(void *address, size_t size, int byte, int expected)\n"
    "{\n"
    "    int number = go_over(address, size, byte);\n"
    "\n"
    "    if (number != expected) {\n"
    "        differs(shown(expected, 0), shown(number, 0));\n"
    "    }\n"
    "}\n";

static const char loads[] = "/* SIZE bytes can be read. */\n"
                            "static void loads(void *address, size_t size)\n"
                            "{\n"
                            "    int number = go_over(address, size, -1);\n"
                            "\n"
                            "    if (number != 0) {\n"
                            "        differs(\"ok\", shown(number, 1));\n"
                            "    }\n"
                            "}\n";

static const char loads_byte[] =
    "/* SIZE bytes can be read, and all are BYTE. */\n"
    "static void loads_byte(void *address, size_t size, int byte)\n"
    "{\n"
    "    int number = go_over(address, size, -1);\n"
    "    char expected[8];\n"
    "\n"
    "    if (number != 0 || first_byte != byte || other_bytes) {\n"
    "        snprintf(expected, sizeof(expected), \"0x%x\", (unsigned)byte & 0xff);\n"
    "        differs(expected, shown(number, 1));\n"
    "    }\n"
    "}\n";

static const char load_faults[] =
    "/* Reading SIZE bytes raises this signal. */\n"
    "static void load_faults(void *address, size_t size, int expected)\n"
    "{\n"
    "    int number = go_over(address, size, -1);\n"
    "\n"
    "    if (number != expected) {\n"
    "        differs(shown(expected, 1), shown(number, 1));\n"
    "    }\n"
    "}\n";

static const char forks[] =
    "static pid_t forks(void)\n"
    "{\n"
    "    pid_t child = fork();\n"
    "\n"
    "    if (child < 0) {\n"
    "        cannot(\"no child can be forked\");\n"
    "    }\n"
    "    if (child == 0) {\n"
    "        alarm(SECONDS);\n"
    "    }\n"
    "    return child;\n"
    "}\n"
    "\n"
    "/* The child took all its steps; if not, it has said so. */\n"
    "static void ends(pid_t child)\n"
    "{\n"
    "    int status = 0;\n"
    "\n"
    "    while (waitpid(child, &status, 0) < 0) {\n"
    "        if (errno != EINTR) {\n"
    "            cannot(\"the child cannot be waited for\");\n"
    "        }\n"
    "    }\n"
    "    if (WIFSIGNALED(status)) {\n"
    "        say(\"step %d: %s: the child was ended by signal %d\", step_number, step_text,\n"
    "            WTERMSIG(status));\n"
    "        _exit(1);\n"
    "    }\n"
    "    if (WEXITSTATUS(status) != 0) {\n"
    "        _exit(WEXITSTATUS(status));\n"
    "    }\n"
    "}\n";

static const char shows[] =
    "/* What /proc/self/maps has at ADDRESS, \"rw-p\" or \"nothing\", and the last address of "
    "that. */\n"
    "static const char *listed(uintptr_t address, uintptr_t *last)\n"
    "{\n"
    "    static char text[1 << 17];\n"
    "    static char rights[5];\n"
    "    size_t size = 0;\n"
    "    ssize_t got = 1;\n"
    "    int fd = open(\"/proc/self/maps\", O_RDONLY);\n"
    "\n"
    "    while (fd >= 0 && got > 0 && size < sizeof(text) - 1) {\n"
    "        got = read(fd, text + size, sizeof(text) - 1 - size);\n"
    "        size += got > 0 ? (size_t)got : 0;\n"
    "    }\n"
    "    if (fd < 0 || size == 0 || size == sizeof(text) - 1) {\n"
    "        cannot(\"/proc/self/maps cannot be read\");\n"
    "    }\n"
    "    close(fd);\n"
    "    text[size] = '\\0';\n"
    "    *last = UINTPTR_MAX;\n"
    "    for (char *line = text; *line; line += strcspn(line, \"\\n\"), line += *line == '\\n') {\n"
    "        char *at;\n"
    "        unsigned long long start = strtoull(line, &at, 16);\n"
    "        unsigned long long limit = *at == '-' ? strtoull(at + 1, &at, 16) : 0;\n"
    "\n"
    "        if (start > address && start - 1 < *last) {\n"
    "            *last = (uintptr_t)(start - 1);\n"
    "        }\n"
    "        if (start <= address && address < limit && strlen(at) > 4) {\n"
    "            *last = (uintptr_t)(limit - 1);\n"
    "            memcpy(rights, at + 1, 4);\n"
    "            return rights;\n"
    "        }\n"
    "    }\n"
    "    return \"nothing\";\n"
    "}\n"
    "\n"
    "/* All SIZE bytes are listed with these rights. */\n"
    "static void shows(char *start, size_t size, const char *rights)\n"
    "{\n"
    "    uintptr_t at = (uintptr_t)start;\n"
    "    uintptr_t stop = at + (size - 1);\n"
    "    uintptr_t last = 0;\n"
    "\n"
    "    for (;; at = last + 1) {\n"
    "        const char *got = listed(at, &last);\n"
    "\n"
    "        if (strcmp(got, rights) != 0) {\n"
    "            char text[48];\n"
    "\n"
    "            snprintf(text, sizeof(text), \"%s at %p\", got, (void *)at);\n"
    "            differs(rights, text);\n"
    "        }\n"
    "        if (last >= stop) {\n"
    "            return;\n"
    "        }\n"
    "    }\n"
    "}\n";

static const struct {
    const char *text;
    uint64_t needs;
} helpers[HELPER_COUNT] = {
    [HELPER_BASE] = {base, 0},
    [HELPER_STEP] = {step, 0},
    [HELPER_DIFFERS] = {differs, BIT(STEP)},
    [HELPER_FAILURE] = {failure, 0},
    [HELPER_SUCCEEDS] = {succeeds, BIT(DIFFERS) | BIT(FAILURE)},
    [HELPER_FAILS] = {fails, BIT(DIFFERS) | BIT(FAILURE)},
    [HELPER_MAPS] = {maps, BIT(DIFFERS) | BIT(FAILURE)},
    [HELPER_MAPS_AT] = {maps_at, BIT(DIFFERS) | BIT(FAILURE)},
    [HELPER_MAPS_NOT] = {maps_not, BIT(DIFFERS) | BIT(FAILURE)},
    [HELPER_ABSOLUTE] = {absolute, 0},
    [HELPER_WINDOW] = {window, 0},
    [HELPER_AT] = {at, BIT(WINDOW)},
    [HELPER_IS_FREE] = {is_free, 0},
    [HELPER_FIND_WINDOW] = {find_window, BIT(WINDOW) | BIT(IS_FREE)},
    [HELPER_MAKE_ROOM] = {make_room, BIT(IS_FREE)},
    [HELPER_NEED_FREE] = {need_free, BIT(IS_FREE)},
    [HELPER_NOT_OPEN] = {not_open, 0},
    [HELPER_FILE] = {file, 0},
    [HELPER_GO_OVER] = {go_over, 0},
    [HELPER_SHOWN] = {shown, BIT(GO_OVER)},
    [HELPER_STORES] = {stores, BIT(DIFFERS) | BIT(SHOWN)},
    [HELPER_STORE_FAULTS] = {store_faults, BIT(DIFFERS) | BIT(SHOWN)},
    [HELPER_LOADS] = {loads, BIT(DIFFERS) | BIT(SHOWN)},
    [HELPER_LOADS_BYTE] = {loads_byte, BIT(DIFFERS) | BIT(SHOWN)},
    [HELPER_LOAD_FAULTS] = {load_faults, BIT(DIFFERS) | BIT(SHOWN)},
    [HELPER_FORKS] = {forks, BIT(STEP)},
    [HELPER_SHOWS] = {shows, BIT(DIFFERS)},
};

uint64_t repro_helpers_needed(uint64_t set)
{
    for (uint64_t before = 0; before != set;) {
        before = set;
        for (unsigned h = 0; h < HELPER_COUNT; h++) {
            set |= set & (UINT64_C(1) << h) ? helpers[h].needs : 0;
        }
    }
    return set;
}

void repro_helpers_print(uint64_t set, enum abi_system system, struct buf *out)
{
    set = repro_helpers_needed(set);
    if (set & BIT(IS_FREE)) {
        buf_fmt(out,
                "/* Flags of a map that is there to keep a place, or to find one. */\n"
                "#define PLACE_HOLDER (MAP_PRIVATE | MAP_ANONYMOUS%s)\n\n",
                system == ABI_LINUX ? " | MAP_NORESERVE" : "");
    }
    for (unsigned h = 0; h < HELPER_COUNT; h++) {
        if (set & (UINT64_C(1) << h)) {
            buf_str(out, helpers[h].text);
            buf_u8(out, '\n');
        }
    }
}
