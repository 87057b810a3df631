"""Compares the descriptors that tests leave open on zokio with those that they leave on tokio.

Called by `.ci/fds` with the folder of the lists that its library has written: `uring`, `mio` and
`tokio`. Exits with status 1 if a test leaves more behind on zokio than it may.
"""

import collections
import os
import re
import subprocess
import sys

# Once a process: the pair that carries signals to every runtime, and the table of mounts.
ONCE = collections.Counter({'socket:': 2, '/proc/N/mountinfo': 1})
# The line of a process that has ended.
ENDED = 'ended'


def left(path):
    """What each test has left open, by the test's name."""
    tests = collections.defaultdict(collections.Counter)
    if not os.path.exists(path):
        return tests
    with open(path) as lines:
        for line in lines:
            test, what = line.rstrip('\n').split('\t')
            # The program's name ends in a hash that differs from build to build.
            test = re.sub(r'-[0-9a-f]{16} ', ' ', test)
            tests[test][re.sub(r'^/proc/\d+/', '/proc/N/', what)] += 1
    return tests


def total(tests):
    return sum(what.total() - what[ENDED] for what in tests.values())


def too_many(what, allowed):
    """Whether more than `allowed` is left, beside what a process keeps on purpose.

    The numbers are compared: a runtime that a test abandons has other descriptors than tokio's.
    """
    return (what - ONCE - collections.Counter({ENDED: 1})).total() > allowed


def again(work, side, test, allowed):
    """Runs the test three more times, as some end while another thread is still closing.

    Returns what the last run left open, or None if one of them left no more than is allowed.
    """
    group, name = test.split(' ', 1)
    for number in range(3):
        out = f'{work}/' + f'{side}-{number}-{test}'.replace('/', '_')
        env = dict(os.environ, FDS_OUT=out, LD_PRELOAD=f'{work}/fds.so')
        command = ['cargo', 'run', '-q', '-p', 'zokio-suite', '--', 'tokio', '--driver', side]
        subprocess.run([*command, '--group', group, '--filter', name], env=env, capture_output=True)
        run = left(out)
        if test in run and not too_many(run[test], allowed):
            return None
    return run[test]


def compare(work, side, tokio):
    """Prints the tests that leave more than they may on this side; whether there are any."""
    zokio, worse = left(f'{work}/{side}'), 0
    for test, what in sorted(zokio.items()):
        allowed = tokio[test].total() - tokio[test][ENDED]
        # A runtime that the test leaves in use has five descriptors here and up to four on tokio.
        allowed += 'anon_inode:[eventpoll]' in tokio[test]
        if too_many(what, allowed) and (more := again(work, side, test, allowed)):
            worse += 1
            print(f'{side}: {test} leaves {dict(more)}; on tokio {dict(tokio[test])}')
    print(
        f'{side}: {len(zokio)} processes, {total(zokio)} descriptors left at exit, '
        f'{worse} tests leave more than they may'
    )
    return worse > 0


def main(work):
    tokio = left(f'{work}/tokio')
    if not tokio:
        sys.exit('no test has run')
    worse = [compare(work, side, tokio) for side in ('uring', 'mio')]
    print(f'tokio: {len(tokio)} processes, {total(tokio)} descriptors left at exit')
    return any(worse)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
