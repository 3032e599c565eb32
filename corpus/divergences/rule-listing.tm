# To the host both pages are readable and one mapping: an emulator lists them with the rights of the first.
requires linux
requires guest_page=4096
mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(@0x11000, 0x1000, PROT_READ|PROT_EXEC) = 0
