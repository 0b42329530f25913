#!/usr/bin/env python
"""Every command of the system: `python manage.py help` lists them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    from klout.embedded import EmbeddedError

    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except ImproperlyConfigured as error:
        sys.exit(f"A setting is wrong: {error}")
    except EmbeddedError as error:
        sys.exit(str(error))
    except OperationalError as error:
        if isinstance(error.__cause__, EmbeddedError):
            sys.exit(str(error))
        raise


if __name__ == "__main__":
    main()
