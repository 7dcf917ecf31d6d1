"""How fast this program is, against other libraries on the same work.

How time is taken. Written down before the code that takes it; `timing.py` and `speed.py` do
this and nothing else.

1.  A measurement is one process: one program, one case, one repeat. No library's threads,
    caches or memory disturb another's. The process is held to `--threads` processors and every
    library is told to use as many threads. How its idle threads wait is left to it: what this
    program chooses for itself is not in the others' environment.
2.  Repeats are interleaved: every program takes a case once, then every case again, then the
    next repeat begins. A machine that gets slower in time slows all programs alike.
3.  A step is what one mini-batch costs from pixels to new weights: choose 128 images, encode
    them into T steps of spikes, forward, loss, backward, optimizer. It ends when its result is
    on the Python side (the loss as a number), so that nothing is still running. An evaluation
    is a pass over 1,280 test images: encode, forward, count the correct ones; divided by its
    ten batches. Loading the data, building the network, compiling and the first steps
    (warm-up, at least five and half a second) are not timed; the time to the first finished
    step is kept beside it.
4.  The clock is `time.perf_counter`. A process reports the median over its steps; the table
    gives the median over the repeats, and the smallest and the largest of them.
5.  A ratio is taken between two processes of the same repeat; the table gives the median of
    these ratios, the smallest and the largest. One repeat has no spread, and none is printed.
6.  This program trains by its own training loop (the times between its events), with counting
    of firing rates, correct predictions and divergence, which the peers do not do. Of a sweep
    the time is a step of all runs divided by their number; peers run one value after
    another, so theirs is the time of a single run.
7.  Memory is the largest resident set of the process, with its libraries and data; beside it
    the resident set just before the first step, which is what importing and loading cost.
8.  What could not be measured is named with its reason and empty in the tables, never a guess.
"""
