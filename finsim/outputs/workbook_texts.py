"""Workbooks that write the texts of their cells quickly.

Import this only where a workbook is written: it loads XlsxWriter.
"""

from __future__ import annotations

from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.packager import Packager  # type: ignore[import-untyped]
from xlsxwriter.sharedstrings import SharedStrings  # type: ignore[import-untyped]

from finsim.outputs.workbook_cells import escaped


class QuickWorkbook(Workbook):  # type: ignore[misc]
    """A workbook whose plain texts are written at once.

    XlsxWriter looks each text over five times, for control characters, for what it would take for
    their escapes and for white space at the ends.
    """

    def _get_packager(self) -> Packager:
        return _Packager()


class _Packager(Packager):  # type: ignore[misc]
    def _write_shared_strings_file(self) -> None:
        texts = _Texts()
        texts.string_table = self.workbook.str_table
        texts._set_xml_writer(self._filename("xl/sharedStrings.xml"))
        texts._assemble_xml_file()


class _Texts(SharedStrings):  # type: ignore[misc]
    def _write_si(self, text: str) -> None:
        if text.replace("\n", "").isprintable() and "_x" not in text:
            kept = "" if text == text.strip() else ' xml:space="preserve"'
            self.fh.write(f"<si><t{kept}>{escaped(text)}</t></si>")
        else:
            super()._write_si(text)
