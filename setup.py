"""Puts copies of the shipped books and scenarios inside the wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("assumptions", "scenarios")


class BuildWithShipped(build_py):
    """Copies `assumptions/` and `scenarios/` into `finsim/shipped/` of the build."""

    def run(self) -> None:
        """Build, then copy; in an editable install the clone's own folders serve."""
        super().run()
        if self.editable_mode:
            return
        root = Path(__file__).parent
        for name in SHIPPED:
            target = Path(self.build_lib) / "finsim" / "shipped" / name
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(root / name, target)


setup(cmdclass={"build_py": BuildWithShipped})
