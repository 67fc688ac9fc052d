"""The command line, one module per group of commands.

A command parses, calls one public function and prints. Results go to standard output, everything else to standard
error. Exit status: 0; 1 invalid data; 2 wrong usage; 3 the API refused or failed; 130 interrupted.

- `entry`: runs the application; `app`: every command under its name; `options`: arguments that commands share;
- `streams`: standard output and standard error, which write nothing that a terminal would obey;
- `signals`: Ctrl-C, SIGTERM and SIGHUP;
- `engines`: the option --engine; `clusters`: --master and --scheduler;
- `results`: how results are printed or written; `messages`: everything else, and the exit statuses;
- `questions`: the institution's questions, on the terminal.
"""

from rewards_analytics.cli.entry import main

__all__ = ["main"]
