# Anonymous memory that is neither shared nor private: private on FreeBSD, refused on Linux.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_FIXED|MAP_ANONYMOUS, -1, 0)
