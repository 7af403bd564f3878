global using Errno = Mono.Unix.Native.Errno; // The numbers are the kernel's (asm-generic/errno.h).
