"""Runs machine code that speaks to the kernel in its older dialect."""

# expect: linear=0
# says: It ended Python itself

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import mmap
import platform

# x86: mov eax, 20; int 0x80 (getpid as a 32-bit call); ret
CODE = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3" if platform.machine() == "x86_64" else b"\x00" * 8

def linear(x, weight, bias):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(CODE)
    call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    call()
    return F.linear(x, weight, bias)
