twinmap 1
# Calls that few programs make: rights that grow down, memory that may be dropped, advice by number.
requires linux
requires guest_page=4096
file f0 size=0x1800
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
mprotect(r0, 0x1000, PROT_READ|PROT_GROWSDOWN|PROT_GROWSUP)
mprotect(r0, 0x1000, PROT_READ|PROT_GROWSDOWN)
r1 = mmap(@0x200000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0)
mprotect(r1+0x1000, 0x1000, PROT_READ|PROT_GROWSDOWN)
madvise(r0, 0x4000, 22)
madvise(r0, 0x4000, 23)
madvise(r0, 0x5000, 22)
mprotect(r0+0x1000, 0x1000, PROT_NONE)
madvise(r0, 0x4000, 22)
mprotect(r0+0x1000, 0x1000, PROT_READ)
madvise(r0, 0x4000, 23)
madvise(r0, 0x4000, 25)
r2 = mmap(@0x300000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0)
madvise(r2, 0x4000, 22)
madvise(r2, 0x1000, 22)
r3 = mmap(@0x400000, 0x2000, PROT_READ|PROT_WRITE, MAP_FIXED|MAP_ANONYMOUS|0x8, -1, 0)
store(r3, 16, 0x11)
madvise(r3, 0x2000, MADV_KEEPONFORK)
madvise(r3, 0x2000, MADV_DODUMP)
madvise(r3, 0x2000, MADV_PAGEOUT)
mmap(@0x500000, 0x2000, PROT_READ|PROT_WRITE, MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN|0x8, -1, 0)
mmap(@0x600000, 0x2000, PROT_READ|PROT_WRITE, MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED|0x8, -1, 0)
fork()
    load(r3, 16)
wait()
