# Length zero succeeds anywhere.
requires linux
msync(@0x30000, 0, MS_SYNC) = 0
msync(@0x30000, 0xffffffffffffffff, MS_SYNC) = 0
