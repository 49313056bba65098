#!/usr/bin/env python
"""Run Django's command line for Aether."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aether.settings")
    execute_from_command_line(sys.argv)
