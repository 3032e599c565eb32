# The placeholder is not memory.
config bits=32 reserved=0x10000000
requires linux
requires reserved
mprotect(@0x30000, 0x1000, PROT_READ|PROT_WRITE) = -1 ENOMEM
load(@0x30000, 1) = SIGSEGV
