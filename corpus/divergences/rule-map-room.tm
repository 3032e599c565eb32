# All of the window but page 0: FreeBSD has it, Linux keeps 64 KiB free.
twinmap 1
config bits=32
mmap(NULL, 0xfffff000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
