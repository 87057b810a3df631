//! Every interleaving of run, wake, abort, shutdown, join and drop.
