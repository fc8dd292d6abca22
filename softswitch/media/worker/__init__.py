"""What a media worker process runs: every leg's sockets, swept together, and who hears whom."""

import os

# The worker multiplies no large matrices: a pool of threads beside its ticks would only disturb them. This must be
# said before numpy is imported for the first time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
