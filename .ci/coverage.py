"""Counts the lines that make or handle an error, and those that no test runs.

Called by `.ci/coverage` with the path of llvm-cov and the folder that has the list of the programs
and their merged profile. Exits with status 1 if less than 90 % are covered.

The rule: a line of src/driver and src/completion counts if it has one of the words below and is code
that runs, outside of tests and comments. It is covered if all code from the first such word to the
end of the line has run, the body of a closure and the way out of a `?` included.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

FOLDERS = ('src/driver', 'src/completion')
# Files of nothing but tests.
TESTS = re.compile(r'conformance/|_loom\.rs$|_model\.rs$')
WORDS = re.compile(
    r'\bErr\(|\bError::|\bErrorKind::|\bRefused\b|\bRefusal::|\bBroken\('
    r'|\bmap_err\(|\bok_or(_else)?\(|\blast_os_error\(|\bfrom_raw_os_error\('
    r'|\b(\w+_error|refuse|refused|refusal|fail|failed|cancelled|too_old|no_memory|no_thread|lack_thread)\('
)
BAR = 90


def files():
    for folder in FOLDERS:
        for path in sorted(Path(folder).rglob('*.rs')):
            if not TESTS.search(str(path)):
                yield path


def places(path):
    """The line and column of the first word in each line, outside of tests and comments.

    By the house's style the tests are the last item of a file.
    """
    code = re.split(r'^#\[cfg\((?:all\()?test.*\nmod \w+ \{', path.read_text(), flags=re.MULTILINE)[0]
    for number, line in enumerate(code.splitlines(), 1):
        code = re.sub(r'"(\\.|[^"\\])*"', lambda text: ' ' * len(text[0]), line)
        code = re.sub(r'//.*', '', code)
        if (word := WORDS.search(code)) and not re.match(r'\s*(use|#\[)', code):
            yield number, word.start() + 1, line


def programs(folder):
    for line in (folder / 'programs.json').read_text().splitlines():
        message = json.loads(line)
        if message.get('executable'):
            yield message['executable']


def covered(segments, number, column):
    """Whether all code of the line from the column on has run; None if there is none.

    A segment is [line, column, times, has a count, begins a region, is a gap], up to the next one.
    """
    times = []
    for start, end in zip(segments, segments[1:] + [[float('inf'), 0]]):
        if start[:2] < [number + 1, 0] and end[:2] > [number, column] and start[3] and not start[5]:
            times.append(start[2])
    return min(times) > 0 if times else None


def main(llvm_cov, folder):
    objects = [part for program in programs(folder) for part in ('-object', program)][1:]
    sources = {str(path.resolve()): path for path in files()}
    command = [llvm_cov, 'export', '-skip-functions', '-instr-profile', folder / 'merged']
    text = subprocess.run([*command, *objects, *sources], check=True, capture_output=True).stdout
    segments = {file['filename']: file['segments'] for file in json.loads(text)['data'][0]['files']}
    count, missed = 0, []
    for name, path in sources.items():
        for number, column, line in places(path):
            verdict = covered(segments.get(name, []), number, column)
            count += verdict is not None
            if verdict is False:
                missed.append(f'{path}:{number}: {line.strip()}')
    print('\n'.join(missed))
    share = 100 * (count - len(missed)) / count
    print(f'{count - len(missed)} of {count} lines that make or handle an error are covered, {share:.1f} %')
    return share < BAR


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
