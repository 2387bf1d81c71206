"""tigress: the QR code of a link, read again by another program.

What the terminal shows is drawn into a picture, as a camera would see it.
"""
import re
import shutil
import subprocess

import cli_kit
from cli_kit import Device, Skip, USAGE

BLOCKS = {' ': (0, 0), '▀': (1, 0), '▄': (0, 1), '█': (1, 1)}
BLACK_ON_WHITE = '\033[38;5;16;48;5;231m'
SCALE = 6


def modules(lines):
    """Half blocks as rows of 1 (block) and 0 (no block)."""
    rows = []
    for line in lines:
        rows.append([BLOCKS[block][0] for block in line])
        rows.append([BLOCKS[block][1] for block in line])
    return rows


def picture(rows, block, margin):
    """A grey picture (PGM); `block` is the grey of a block, and the terminal
    around the code has the grey `margin`."""
    other = 255 - block
    grey = [[block if cell else other for cell in row] for row in rows]
    width = len(grey[0]) + 8
    grey = ([[margin] * width] * 4 +
            [[margin] * 4 + row + [margin] * 4 for row in grey] +
            [[margin] * width] * 4)
    pixels = bytes(cell for row in grey for _ in range(SCALE)
                   for cell in row for _ in range(SCALE))
    head = f'P5\n{width * SCALE} {len(grey) * SCALE}\n255\n'
    return head.encode() + pixels


def decoded(image, directory):
    """What zbarimg reads in a picture."""
    if shutil.which('zbarimg') is None:
        raise Skip('zbarimg (Debian package zbar-tools) is not installed')
    path = directory / 'code.pgm'
    path.write_bytes(image)
    return subprocess.run(
        ['zbarimg', '--quiet', '--raw', '--nodbus', '-Sdisable',
         '-Sqrcode.enable', str(path)], text=True, capture_output=True,
        check=False, timeout=cli_kit.SECONDS).stdout.strip()


def drawn(text):
    """The lines of the code in what a command has printed."""
    lines = [line for line in text.splitlines() if set(line) & set('▀▄█')]
    assert len(lines) > 10 and len({len(line) for line in lines}) == 1
    return lines


def a_colored_code_reads_on_dark_and_on_light_terminals(relay):
    """§10"""
    with Device(relay) as owner:
        url = owner.share()['url']
        text = owner.run('qr', '1', '--color', 'always').stdout
        lines = text.splitlines()
        assert lines[0] == url, lines[0]
        for line in lines[1:]:
            assert line.startswith(BLACK_ON_WHITE), line
            assert line.endswith('\033[0m'), line
        rows = modules([re.sub('\033[^m]*m', '', line) for line in lines[1:]])
        for terminal in 0, 255:
            image = picture(rows, block=0, margin=terminal)
            assert decoded(image, owner.home) == url


def a_plain_code_reads_on_a_dark_terminal(relay):
    """§10"""
    with Device(relay) as owner:
        url = owner.share('--algorithm', 'aes-256-gcm', '--vertical',
                          'car')['url']
        rows = modules(drawn(owner.run('qr', '1').stdout))
        image = picture(rows, block=255, margin=0)
        assert decoded(image, owner.home) == url


def the_code_of_share_is_that_of_its_link(relay):
    with Device(relay) as owner:
        text = owner.run('--quiet', 'share', owner.information('x'),
                         '--relay', relay.url, '--qr').stdout
        image = picture(modules(drawn(text)), block=255, margin=0)
        assert decoded(image, owner.home) == text.splitlines()[0]


def a_code_is_not_drawn_for_programs(relay):
    with Device(relay) as owner:
        error = owner.event('share', owner.information('x'),
                            '--relay', relay.url, '--qr', expect=USAGE)
        assert 'leave one of them out' in error['message'], error
        assert not owner.wallet.exists()


def a_code_has_four_light_modules_around_it(relay):
    """ISO/IEC 18004"""
    with Device(relay) as owner:
        owner.share()
        rows = modules(drawn(owner.run('qr', '1').stdout))
        light = [row[:4] + row[-4:] for row in rows] + rows[:4] + rows[-4:]
        assert all(all(row) for row in light)
        inner = [row[4:-4] for row in rows[4:4 + len(rows[0]) - 8]]
        assert inner[0][:7] == [0] * 7 and inner[-1][0] == 0


if __name__ == '__main__':
    cli_kit.main(
        a_colored_code_reads_on_dark_and_on_light_terminals,
        a_plain_code_reads_on_a_dark_terminal,
        the_code_of_share_is_that_of_its_link,
        a_code_is_not_drawn_for_programs,
        a_code_has_four_light_modules_around_it)
