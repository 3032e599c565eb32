# Without a line for the version: version 1.

config guest_page=16384 host_page=65536   # two keys on a line
config bits=32
config	reserved=0x8000000 guest_base=0
requires linux
requires freebsd
requires h_eq_g
requires h_lt_g
requires h_gt_g
requires guest_page=16384
requires host_page=65536
requires bits=32
requires reserved
requires no_reserved
  file  f0   size = 0x2710   # blanks do not count
file f1 size=1 open=O_RDWR
   munmap ( @0x10000 , 0x1000 )   # café: comments are UTF-8
