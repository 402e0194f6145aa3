# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gvl-ground does with videos on servers, live ones, and transport streams of several programs."""

import base64
import functools
import glob
import http.server
import signal
import socket
import sys
import threading

from outputs_case import *


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files; /loop redirects without end; what is under /secret wants a password; /page is no video."""

    def log_message(self, *_):
        pass

    def answer(self, status, name=None, value=None, body=b""):
        self.send_response(status)
        if name:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        wanted = "Basic " + base64.b64encode(b"user:pa ss").decode()
        if self.path.startswith("/loop"):
            return self.answer(302, "Location", self.path + "x")
        if self.path == "/page":
            return self.answer(200, "Content-Type", "text/html", b"<html><body>no video</body></html>")
        if self.path.startswith("/secret/"):
            if self.headers.get("Authorization") != wanted:
                return self.answer(401, "WWW-Authenticate", 'Basic realm="x"')
            self.path = self.path[len("/secret"):]
        return super().do_GET()


class Server(http.server.ThreadingHTTPServer):
    """Says nothing of a client that has seen enough and goes away; that is no fault."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Http(Outputs):
    def setUp(self):
        super().setUp()
        server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=self.work))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.host = f"127.0.0.1:{server.server_address[1]}"
        self.uri = "http://" + self.host

    def test_all_outputs(self):
        ground("--clips", self.file("clips"), "--overlay", self.file("o.mkv"), "--report", self.file("r.html"),
               self.uri + "/video.mkv", BLACK)
        self.assertEqual(len(glob.glob(self.file("clips/video-*.mkv"))), 1)
        self.assertEqual(size_of(self.file("o.mkv")), (160, 120, 0))
        # This server has no parts of files, and so no pictures.
        self.assertIn(b"From 3.", read(self.file("r.html")))

    def test_password_is_never_printed(self):
        good, bad = (f"http://user:{word}@{self.host}/secret/video.mkv" for word in ("pa%20ss", "wr0ng"))
        events, report = self.file("e.jsonl"), self.file("r.html")
        done = ground("--json", "--events", events, "--report", report, "-q", BLACK, good, bad, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(json.loads(done.stdout)["file"], f"http://user:***@{self.host}/secret/video.mkv")
        self.assertRegex(done.stderr, r"http://user:\*\*\*@\S+: the server answers 401")
        for text in (done.stdout, done.stderr, read(events).decode(), read(report).decode()):
            for word in ("pa%20ss", "pa ss", "wr0ng"):
                self.assertNotIn(word, text)
        for odd in ("rtsp://u:pa/wr0ng@127.0.0.1:1/x", "rtsp://127.0.0.1:1/x?user=u&password=wr0ng"):
            self.assertNotIn("wr0ng", self.fails(2, "cannot be reached", odd, BLACK).stderr)

    def test_what_a_server_may_do(self):
        with open(self.file("evil.m3u8"), "w", encoding="utf-8") as playlist:
            playlist.write("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://" + self.video + "\n#EXT-X-ENDLIST\n")
        uris = [self.uri + path for path in ("/none.mkv", "/loop", "/page", "/evil.m3u8")]
        self.fails(2, ["/none.mkv: the server answers 404", "/loop: the server redirects too often",
                       "/page: .*text/html", "/evil.m3u8: the server leads to a file", "127.0.0.1:1/x: .*be reached"],
                   "-q", BLACK, *uris, "http://127.0.0.1:1/x")

    def test_no_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            for scheme in ("http", "rtsp"):
                uri = f"{scheme}://127.0.0.1:{mute.getsockname()[1]}/x"
                self.fails(2, uri + ": the server has sent no picture", "--timeout", 1, uri, BLACK)


class Programs(Outputs):
    def setUp(self):
        super().setUp()
        self.stream = ffmpeg(*picture(6, size="160x120"), *picture(6, size="176x144", black=(2, 4)), "-map", "0", "-map",
                             "1", "-c:v", "mpeg2video", "-program", "program_num=3:st=0", "-program",
                             "program_num=7:st=1", self.file("two.ts"))

    def test_named(self):
        done = ground("--program", 7, "--overlay", self.file("o.mkv"), self.stream, BLACK)
        self.assertIn(BLACK, done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertEqual(size_of(self.file("o.mkv"))[:2], (176, 144))

    def test_not_named(self):
        done = ground(self.stream, BLACK)
        self.assertRegex(done.stderr, "two.ts: has the programs 3, 7; 3 is looked at")
        self.assertIn("nothing was found", done.stdout)

    def test_missing(self):
        self.fails(2, "has no program 9; it has 3, 7", "--program", 9, self.stream, BLACK)
        self.fails(2, "video.mkv: is no transport stream", "--program", 1, self.video, BLACK)
        for wrong in ("0", "x", "1.5", "65536"):
            self.fails(1, "--program", "--program", wrong, self.stream, BLACK)


class Part(Outputs):
    def test_the_first_seconds(self):
        found = events(self.video, BLACK, options=("--for", 4))
        self.assert_found(found, 3, 4)
        self.assert_within(found, 4)

    def test_windows(self):
        done = ground("--explain", "--window", 5, "--overlap", 0, self.video, BLACK)
        for window in ("0.00 s - 5.00 s  event", "5.00 s - 10.00 s  merged"):
            self.assertRegex(done.stderr, rf"(?m)^{re.escape(window)}, ")
        self.fails(2, "Windows of 0.05 seconds .* too short: .* need 0.1 seconds", "--window", 0.05, self.video, BLACK)
        self.fails(1, "--overlap 1: ", "--overlap", 1, self.video, BLACK)
        for option in ("--window", "--for", "--timeout"):
            for wrong in ("0", "-1", "x", ""):
                self.fails(1, option, f"{option}={wrong}", self.video, BLACK)


class Rtsp(Outputs):
    def setUp(self):
        super().setUp()
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rtsp_server.py")
        server = subprocess.Popen(["/usr/bin/python3", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        port = server.stdout.readline().strip()
        if not port:
            self.skipTest("no RTSP server: " + server.stderr.read())
        self.uri = f"rtsp://127.0.0.1:{port}"

    def test_for_some_seconds(self):
        done = ground("--json", "--min-confidence", 0, "--for", 3, "--report", self.file("r.html"), "--events",
                      self.file("e.jsonl"), self.uri + "/live", BLACK)
        self.assertEqual(read(self.file("e.jsonl")).decode(), done.stdout)
        last = max(json.loads(line)["window-stop"] for line in done.stdout.splitlines()) / 1e9
        self.assertTrue(2.5 <= last <= 3.5, last)
        self.assertIn(b"<table>", read(self.file("r.html")))

    def test_interrupt_ends_it_in_order(self):
        command = [GROUND, "--json", "--min-confidence", "0", "--window", "1", "--events", self.file("e.jsonl"),
                   self.uri + "/live", BLACK]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
            first = program.stdout.readline()  # while it plays
            program.send_signal(signal.SIGINT)
            rest, said = program.communicate(timeout=60)
        self.assertEqual((program.returncode, said), (0, ""))
        self.assertEqual(read(self.file("e.jsonl")).decode(), first + rest)

    def test_refused(self):
        for option in ("--clips", "--overlay"):
            self.fails(2, "/live: can be read only once, and " + option, option, self.file("o.mkv"), self.uri + "/live",
                       BLACK)
        self.fails(2, "/none: Not found", self.uri + "/none", BLACK)


if __name__ == "__main__":
    main()
