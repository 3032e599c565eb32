# Four processes' worth of forks: nested, one after the other, one that is not waited for.
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
fork()
    store(r0, 1, 0x11)
    fork()
        r1 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
        load(r1, 1) = 0
    wait()
wait()
fork()
wait()
load(r0, 1) = 0x11
fork()
store(r0, 1, 0x22)
