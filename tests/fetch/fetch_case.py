# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of gvl-fetch share: a server that has small models, and the program run on it."""

import os
import shutil
import subprocess
import tempfile
import unittest

from hub import Hub, contents_of

BUILD, DATA = os.environ["GVL_BUILD"], os.environ["GVL_TEST_DATA"]
FETCH, CONVERT = (os.path.join(BUILD, "tools", name) for name in ("gvl-fetch", "gvl-convert"))
PHI, LLAMA = "grounded-videollm-phi3.5", "grounded-videollm-llama3"
CHECKPOINT = "ckpt/sft_llava_next_video_phi3.5_mix_sft_multi_modal_projector_video_projecter_language_model.pth"
VISION = "Phi-3.5-vision-instruct-seperated/vision_model.pth"


def published(sizes="phi_c"):
    """Both models in one repository, with files that nobody needs. The sizes of small models stand in a file that the
    official release does not have."""
    contents = {"README.md": b"not needed", "ckpt/pretrained.pth": b"not needed"}
    models = {"phi_c": "Phi-3.5-mini-instruct", "llama_c": "llama3-llava-next-8b"}
    # Both have a file of internvideo; that of the model in question is the one that stays.
    for name, tokenizer in sorted(models.items(), key=lambda model: model[0] == sizes):
        for path, content in contents_of(os.path.join(DATA, name)).items():
            folder, _, rest = path.partition("/")
            if folder == "tokenizer":
                contents[f"{tokenizer}/{rest}"] = content
            elif rest or (path == "model.json" and name == sizes):
                contents[path] = content
    return contents


class Fetching(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="gvl-fetch-")
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.hub = Hub(published())
        self.addCleanup(self.hub.close)
        self.model = os.path.join(self.work, "model")
        self.release = os.path.join(self.model, "release")

    def command(self, *arguments, model=PHI):
        return [FETCH, "--retry-wait", "0.01", "--part-size", "65536", *arguments, model, self.model]

    def environment(self, **variables):
        kept = {name: value for name, value in os.environ.items()
                if not name.lower().endswith("_proxy") and not name.startswith("HF_")}
        return {**kept, "HF_ENDPOINT": self.hub.uri, **variables}

    def fetch(self, *arguments, code=0, model=PHI, **variables):
        done = subprocess.run(self.command(*arguments, model=model), env=self.environment(**variables), text=True,
                              capture_output=True, timeout=300)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def fails(self, *parts, arguments=(), code=2, **variables):
        """It says so in one line, which has all of these parts."""
        done = self.fetch(*arguments, code=code, **variables)
        last = done.stderr.splitlines()[-1]
        for part in parts:
            self.assertIn(part, last)
        self.assertTrue(last.startswith("gvl-fetch: "), last)
        return done

    def assert_loaded(self, folder=None):
        """What is there is what the server has."""
        loaded = contents_of(folder or self.release)
        self.assertIn(CHECKPOINT, loaded)
        for path, content in loaded.items():
            self.assertEqual(content, self.hub.contents[path], path)
        return loaded

    def asked(self, ending):
        return [request for request in self.hub.requests if request[1].endswith(ending)]
