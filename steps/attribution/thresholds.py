"""From where on a sign speaks for a bottleneck. Starting points from the field and from loads made on purpose; one place for all.

Shares are of the target's active time (all its threads' time but idling), pressures of the window.
"""

from __future__ import annotations

CPU_WAIT_SHARE = 0.15  # wanted a core and had none
WAITING_THREADS = 0.3  # in the queue on average: without it a quiet program on a full machine would want more cores
CPU_PRESSURE = 0.20  # some task of the machine waited for a core
CORES_BUSY = 0.70  # of the cores it may use
ONE_THREAD_BUSY = 0.90  # of one core: more cores cannot help it
THROTTLED = 0.05  # of the window, or of the periods in which a limit on CPU was watched, at any level of its control groups
DISK_SHARE = 0.20
IO_PRESSURE = 0.15
SYNC_OF_DISK = 0.50  # from then on it is fsync that it waits for
READS_OF_DISK = 0.50  # and from then on reads
LOCK_SHARE = 0.30
LOCK_CORES = 1.2  # who waits for one lock runs on one core, no more
NETWORK_SHARE = 0.30
RETRANSMITS = 0.01  # of segments sent
FULL_SENDS = 0.05  # of sends that found the buffer full
RECLAIM_SHARE = 0.05
MEMORY_PRESSURE = 0.05
QUIET_CORES = 0.30  # of the cores it may use: below, and without waits, nothing in it is the limit
QUIET_ACTIVE = 0.50  # of its busiest thread's time

# When a trace is not whole.
LEAST_S = 3.0
MISSED = 0.02  # of the changes of threads
READ_GAP = 0.10  # of the bytes that the kernel accounted as read for the processes, and more than so many
READ_GAP_BYTES = 1_000_000
UNENDED = 0.02  # of the I/Os that were seen to begin
TCP_GAP = 0.10  # of the bytes that the network namespace carried, and more than so many: then some were counted twice
TCP_GAP_BYTES = 10_000
SENDS_WAITED = 0.01  # of the window: what it gave to TCP may then lie in a buffer (megabytes), and nothing follows from a gap
CPU_GAP = 0.10  # between the CPU time that was traced and what the kernel accounted for the processes, and more than so many
CPU_GAP_CORES = 0.02  # /proc accounts in ticks of 10 ms for each thread: of ten threads in a window of 8 s that is 0.0125 cores
