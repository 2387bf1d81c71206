"""tigress: its manual page and its help say the same, in both directions."""
import pathlib
import re
import subprocess

import cli_kit
import relay as relays

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = TOP / 'man' / 'tigress.1'
MESSAGES = TOP / 'src' / 'cli' / 'messages.h'


def clean(text):
    """Roff without its escapes."""
    return text.replace('\\-', '-').replace('\\(aq', "'")


def page_sections():
    """The page: section → subsection → its lines. '' is before the first."""
    sections, lines = {}, []
    for line in PAGE.read_text(encoding='utf-8').splitlines():
        if line.startswith('.SH '):
            name = line[4:].strip('"')
            sections[name] = {'': (lines := [])}
        elif line.startswith('.SS '):
            sections[name][line[4:]] = (lines := [])
        else:
            lines.append(clean(line))
    return sections


def page_options(lines):
    """Options of a subsection: "-o, --out FILE" → its first line of text."""
    found = {}
    for tag, head, text in zip(lines, lines[1:], lines[2:]):
        option = re.fullmatch(r'\.BI? "?((?:-\w, )?--.*?)"?', head)
        if tag == '.TP' and option:
            found[' '.join(option[1].replace('"', '').split())] = text
    return found


def help_of(*arguments):
    """What the program prints."""
    return subprocess.run(
        [relays.program('src', 'cli', 'tigress'), *arguments], text=True,
        capture_output=True, check=True, timeout=cli_kit.SECONDS).stdout


def help_options(text, heading):
    """Options below a heading of the help, as page_options()."""
    found = {}
    block = text.partition(f'{heading}:\n')[2].partition('\n\n')[0]
    for line in block.splitlines():
        option = re.fullmatch(r' +((?:-\w, )?--\S+(?: [A-Z]+)?) +(.*)', line)
        assert option, line
        found[option[1]] = option[2]
    return found


def help_commands():
    """Commands of the help: "show SHARE" → its summary."""
    block = help_of('--help').partition('Commands:\n')[2].partition('\n\n')[0]
    rows = [re.fullmatch(r'  (\S+(?: \[?[A-Z]+\]?)*) +(.*)', line)
            for line in block.splitlines()]
    assert all(rows) and len(rows) > 5, block
    return {row[1]: row[2] for row in rows}


def same(page, program):
    """Two tables, compared in both directions."""
    assert page == program, '\n'.join(
        [f'page:    {entry}' for entry in page.items() - program.items()] +
        [f'program: {entry}' for entry in program.items() - page.items()])


def every_command_and_no_other_is_in_the_page():
    sections = page_sections()['COMMANDS']
    same({name: lines[0] for name, lines in sections.items() if name},
         help_commands())


def every_option_of_every_command_is_in_the_page():
    sections = page_sections()['COMMANDS']
    count = 0
    for command in help_commands():
        text = help_of(command.split()[0], '--help')
        options = help_options(text, 'Options')
        same(page_options(sections[command]), options)
        count += len(options)
    assert count > 10, count


def every_common_option_is_in_the_page_and_in_every_help():
    page = page_options(page_sections()['OPTIONS'][''])
    assert len(page) > 5, page
    for command in [[]] + [[name.split()[0]] for name in help_commands()]:
        text = help_of(*command, '--help')
        same(page, help_options(text, 'Options of every command'))


def every_exit_status_is_in_the_page():
    lines = page_sections()['EXIT STATUS']['']
    page = [int(line[3:]) for line in lines if re.fullmatch(r'\.B \d+', line)]
    source = re.findall(r'STATUS_\w+ = (\d+)', MESSAGES.read_text('utf-8'))
    assert page == [int(number) for number in source] and page, page


def every_word_of_json_output_is_in_the_page():
    words = set(re.findall(r'[a-z]+', ' '.join(
        page_sections()['JSON OUTPUT'][''])))
    used = set()
    for path in (TOP / 'src' / 'cli').glob('*.c'):
        text = path.read_text(encoding='utf-8')
        used |= set(re.findall(r'output_begin\("(\w+)"', text))
        used |= set(re.findall(
            r'output_(?:text|number|flag|time|json)\(&?o, "(\w+)"', text))
    assert len(used) > 15 and not used - words, used - words


def the_help_fits_a_terminal_of_80_columns():
    for command in [[]] + [[name.split()[0]] for name in help_commands()]:
        for line in help_of(*command, '--help').splitlines():
            assert len(line) <= 80, line


if __name__ == '__main__':
    cli_kit.main(
        every_command_and_no_other_is_in_the_page,
        every_option_of_every_command_is_in_the_page,
        every_common_option_is_in_the_page_and_in_every_help,
        every_exit_status_is_in_the_page,
        every_word_of_json_output_is_in_the_page,
        the_help_fits_a_terminal_of_80_columns,
        relay=False)
