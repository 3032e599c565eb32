# A child's stores make copies of its own: what its parent's real pages hold is still the file's.
config guest_page=16384 host_page=4096
file f0 size=17185
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)
r1 = mmap(@0x120000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f0, 0)
store(r1+0x7000, 64, 0xdf)
fork()
store(r1+0x4310, 32, 0x81)
store(r0+0x4000, 801, 0x82)
