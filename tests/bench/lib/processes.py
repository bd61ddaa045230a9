"""What a set of processes costs: CPU seconds and memory, from /proc."""
import os
import pathlib
import threading

TICKS = os.sysconf("SC_CLK_TCK")


def tree(root):
    """`root` and all that descend from it, as pids."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat(entry.name)[1]), []).append(int(entry.name))
            except OSError:
                continue
    found, open_ = [], [root]
    while open_:
        pid = open_.pop()
        found.append(pid)
        open_ += children.get(pid, [])
    return found


def cpu_seconds(root):
    """User and system time of a tree of processes, with that of children that have ended."""
    total = 0
    for pid in tree(root):
        try:
            fields = _stat(pid)
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])  # utime stime cutime cstime
    return total / TICKS


def pss(root):
    """Octets of memory of a tree of processes; what several share is counted once."""
    return sum(pss_of(pid) for pid in tree(root))


def pss_of(pid):
    return _kib(pid, "smaps_rollup", "Pss:") * 1024


def _stat(pid):
    """The fields of /proc/PID/stat behind the name."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _kib(pid, file, word):
    try:
        with open(f"/proc/{pid}/{file}") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith(word)), 0)
    except OSError:
        return 0


class Peak:
    """The greatest of what `measure()` gives while the `with` block runs."""

    def __init__(self, measure, pause=0.2):
        self.measure, self.pause, self.value = measure, pause, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self._over.wait(self.pause):
            self.value = max(self.value, self.measure())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
