# SPDX-License-Identifier: LGPL-2.1-or-later
"""The times that are told are the file's own, whatever its frame rate, container and length."""

from inputs import *


class LowRates(Inputs):
    def test_ordinary_file(self):
        found = events(ffmpeg(*picture(11, black=(4, 7)), self.file("a.mkv")), BLACK)
        self.assert_found(found, 4, 7)


if __name__ == "__main__":
    main()
