#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""sandbox.py UNIT[:DROP-IN] READ-WRITE-DIR COMMAND...: runs the command with what systemd would take from it by that
unit, where systemd is not process 1: capabilities, no new privileges, system calls, address families, memory that is
writable and executable, and the read-only file system (all but READ-WRITE-DIR, /run/dpdk, /dev, /proc, /sys)."""
import ctypes
import os
import pathlib
import re
import subprocess
import sys

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_IPC_LOCK": 14, "CAP_SYS_ADMIN": 21, "CAP_PERFMON": 38, "CAP_BPF": 39}
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17, "AF_XDP": 44}
ALLOW, EPERM = 0x7FFF0000, 0x00050001
NE, EQ, MASKED_EQ = 1, 4, 7
PROT_WRITE, PROT_EXEC = 2, 4
RUNTIME = "/run/dpdk" # RuntimeDirectory

libc = ctypes.CDLL(None, use_errno=True)
seccomp = ctypes.CDLL("libseccomp.so.2")


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


seccomp.seccomp_init.restype = ctypes.c_void_p
seccomp.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                           ctypes.POINTER(Compare)]
seccomp.seccomp_load.argtypes = [ctypes.c_void_p]


def setting(text, key):
    return " ".join(re.findall(rf"^{key}=(.*)$", text, re.M)).split()


def must(ok, what):
    if not ok:
        sys.exit(f"sandbox.py: {what}")


def calls_of(name):
    """A system call, or all those of a group, which may have groups in it."""
    if not name.startswith("@"):
        return {name}
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
    names = [line.split()[0] for line in text.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(calls_of(n) for n in names))


def rule(context, action, call, *compares):
    number = seccomp.seccomp_syscall_resolve_name(call.encode())
    if number >= 0:
        array = (Compare * max(1, len(compares)))(*compares)
        must(seccomp.seccomp_rule_add_array(context, action, number, len(compares), array) == 0, f"no rule for {call}")


def filter_arguments(text):
    context = seccomp.seccomp_init(ALLOW)
    families = [FAMILIES[f] for f in setting(text, "RestrictAddressFamilies")]
    for family in range(64):
        if family not in families:
            rule(context, EPERM, "socket", Compare(0, EQ, family, 0))
    if setting(text, "MemoryDenyWriteExecute") == ["yes"]:
        both = PROT_WRITE | PROT_EXEC
        rule(context, EPERM, "mmap", Compare(2, MASKED_EQ, both, both))
        rule(context, EPERM, "mprotect", Compare(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    must(seccomp.seccomp_load(context) == 0, "no filter of arguments")


def filter_calls(text):
    context = seccomp.seccomp_init(EPERM)
    for call in set().union(*(calls_of(n) for n in setting(text, "SystemCallFilter"))):
        rule(context, ALLOW, call)
    must(seccomp.seccomp_load(context) == 0, "no filter of system calls")


def read_only(writable):
    os.makedirs(RUNTIME, exist_ok=True)
    for command in (["mount", "--make-rprivate", "/"], ["mount", "--bind", writable, writable],
                    ["mount", "--bind", RUNTIME, RUNTIME], ["mount", "-o", "remount,bind,ro", "/"]):
        subprocess.run(command, check=True)


def main():
    units, writable, *command = sys.argv[1:]
    text = "\n".join(pathlib.Path(unit).read_text("utf-8") for unit in units.split(":"))
    must(libc.unshare(0x00020000) == 0, "no mount namespace")
    read_only(writable)
    keep = [CAPABILITIES[c] for c in setting(text, "CapabilityBoundingSet")]
    for capability in range(64):
        if capability not in keep:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "privileges may grow")
    filter_arguments(text)
    filter_calls(text)
    os.execv(command[0], command)


main()
