"""A worker whose store thread is held at the point where it has done its work
and has not said so: what it was told to change is durable, what it was told to
look at is seen, and nobody knows. By ptrace(2), so that it is the real one."""
import ctypes
import os
import pathlib
import select
import signal
import time

from tap import Skip, that

SEIZE, INTERRUPT, SYSCALL, DETACH = 0x4206, 0x4207, 24, 17
GET_SYSCALL_INFO, GOOD_SYSCALLS, WALL = 0x420e, 1, 0x40000000
SYSCALL_STOP = 0x80     # is added to SIGTRAP
ENTRY = 1

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p,
                        ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


class SyscallInfo(ctypes.Structure):
    """struct ptrace_syscall_info, as far as an entry goes."""

    _fields_ = [("op", ctypes.c_uint8), ("pad", ctypes.c_uint8 * 3),
                ("arch", ctypes.c_uint32), ("ip", ctypes.c_uint64),
                ("sp", ctypes.c_uint64), ("number", ctypes.c_uint64),
                ("arguments", ctypes.c_uint64 * 6)]


class HeldStore:
    """with HeldStore(worker's pid) as held: … held.caught() … held.go_on()

    Of one thread only, as ptrace wants it.
    """

    def __init__(self, pid):
        self.pid = pid
        self.at_the_bell = False
        threads = [int(task.name) for task in
                   pathlib.Path(f"/proc/{pid}/task").iterdir()]
        others = [thread for thread in threads if thread != pid]
        that(len(others) == 1, f"not one thread beside the first: {others}")
        self.thread = others[0]

    def ask(self, request, address=0, data=0):
        if LIBC.ptrace(request, self.thread, address, data) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def __enter__(self):
        try:
            self.ask(SEIZE, 0, GOOD_SYSCALLS)
        except PermissionError as problem:
            raise Skip("may not trace processes here") from problem
        self.ask(INTERRUPT)
        os.waitpid(self.thread, WALL)
        self.ask(SYSCALL)
        return self

    def __exit__(self, *_):
        if self.thread is None:
            return
        if not self.at_the_bell:
            self.ask(INTERRUPT)
            os.waitpid(self.thread, WALL)
        self.ask(DETACH)

    def is_bell(self):
        """Whether it is about to do something to an eventfd."""
        info = SyscallInfo()
        self.ask(GET_SYSCALL_INFO, ctypes.sizeof(info), ctypes.addressof(info))
        if info.op != ENTRY:
            return False
        try:
            place = os.readlink(f"/proc/{self.pid}/fd/{info.arguments[0]}")
        except OSError:
            return False
        return place == "anon_inode:[eventfd]"

    def caught(self):
        """Whether it is held now; otherwise it goes on."""
        while not self.at_the_bell:
            found, state = os.waitpid(self.thread, WALL | os.WNOHANG)
            if not found:
                return False
            if os.WSTOPSIG(state) & SYSCALL_STOP and self.is_bell():
                self.at_the_bell = True
            else:
                self.ask(SYSCALL)
        return True

    def wait_until_caught(self):
        deadline = time.monotonic() + 10
        while not self.caught():
            that(time.monotonic() < deadline, "the store did nothing")
            time.sleep(0.001)

    def go_on(self):
        """Let it say what it has done."""
        self.at_the_bell = False
        self.ask(SYSCALL)

    def kill(self):
        """kill -9 the worker: what it has done it cannot say any more."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.thread, WALL)
        self.thread = None

    def belongs(self, connection, request):
        """Whether this worker serves the connection: `request`, of something
        that is in the store, tells. The answer is read."""
        connection.send(request)
        was_caught = False
        while not _has_come(connection):
            if self.caught():
                was_caught = True
                self.go_on()
        connection.receive("POST")
        return was_caught

    def sort(self, connect, request):
        """(two connections to this worker, two to others)"""
        ours, theirs = [], []
        for _ in range(100):
            if len(ours) >= 2 and len(theirs) >= 2:
                break
            connection = connect()
            is_ours = self.belongs(connection, request)
            (ours if is_ours else theirs).append(connection)
        that(len(ours) >= 2 and len(theirs) >= 2, "one worker serves all")
        return ours, theirs


def _has_come(connection):
    return bool(select.select([connection.sock], [], [], 0.001)[0])
