"""How does a test make a zip as Windows does?"""

import zipfile


class AsWindowsWritesIt(zipfile.ZipInfo):
    """Names in GBK, and no word about it."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.filename.encode("gbk"), self.flag_bits
