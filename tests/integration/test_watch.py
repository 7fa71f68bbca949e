"""Watched files: what happens to them, and what the gateway makes of it. And what it starts with when they are broken."""

import json
import os

from harness import Gateway, GatewayTest, config, is_wine, main, native_path, route, run_command, wait_until

WATCH = {"watch": True, "interval": "20ms"}


def saying(text, **settings):
    return config([route("/a", respond={"body": text})], reload=WATCH, **settings)


class Watch(GatewayTest):
    def start(self, **settings):
        self.sluice = self.gateway(saying("one", **settings))
        self.assertEqual(self.answer(), "one")

    def answer(self):
        return self.sluice.get("/a").text

    def wait_answer(self, text):
        wait_until(lambda: self.answer() == text, f"the answer {text!r}")

    def wait_refused(self, count=1):
        wait_until(lambda: len([one for one in self.sluice.reloads() if "refused" in one["message"]]) == count, "the refusal")

    def write_in_place(self, text):
        with open(self.sluice.file, "w", encoding="utf-8") as out:
            out.write(text)

    def test_a_file_that_is_replaced_by_rename_is_taken(self):
        self.start()
        for text in ("two", "three"):
            self.sluice.write_config(saying(text))
            self.wait_answer(text)
        self.assertEqual({one["by"] for one in self.sluice.reloads()}, {"file"})

    def test_a_file_that_is_written_half_is_refused_and_taken_when_it_is_whole(self):
        self.start()
        whole = json.dumps(saying("two"))
        self.write_in_place(whole[:40])
        self.wait_refused()
        self.assertEqual(self.answer(), "one")
        self.write_in_place(whole)
        self.wait_answer("two")

    def test_a_file_that_is_deleted_leaves_everything_as_it_is_until_it_is_back(self):
        self.start()
        os.unlink(self.sluice.file)
        self.wait_refused()
        self.assertEqual(self.answer(), "one")
        self.sluice.write_config(saying("two"))
        self.wait_answer("two")

    def test_a_file_that_can_not_be_read_is_refused_once(self):
        self.start()
        os.unlink(self.sluice.file)
        os.mkdir(self.sluice.file)  # For root no file is without permission.
        self.wait_refused()
        os.rmdir(self.sluice.file)
        self.sluice.write_config(saying("two"))
        self.wait_answer("two")
        # Between the folder and the file there may have been nothing for long enough to be seen.
        self.assertLessEqual(len([one for one in self.sluice.reloads() if "refused" in one["message"]]), 2)

    def test_a_link_that_points_elsewhere_is_taken(self):
        self.start()
        folder = self.sluice.folder
        for text in ("two", "three"):
            with open(os.path.join(folder, text + ".json"), "w", encoding="utf-8") as out:
                json.dump(saying(text), out)
            os.symlink(text + ".json", os.path.join(folder, "link"))
            os.replace(os.path.join(folder, "link"), self.sluice.file)
            self.wait_answer(text)

    def test_a_file_that_is_touched_or_saved_unchanged_is_no_reload(self):
        self.start()
        with open(self.sluice.file, encoding="utf-8") as file:
            content = file.read()
        self.write_in_place(content)
        os.utime(self.sluice.file, (1, 1))
        self.sluice.write_config(saying("two"))
        self.wait_answer("two")
        # Workers answer by it before the reload has ended and is told of.
        wait_until(self.sluice.reloads, "the end of the reload")
        self.assertEqual(self.sluice.status()["configuration"]["generation"], 2)

    def test_included_files_are_watched_and_so_are_new_ones(self):
        folder = None
        first = saying("one", include=["conf.d/*.json"])
        self.sluice = self.gateway(first)
        folder = os.path.join(self.sluice.folder, "conf.d")
        os.mkdir(folder)
        for number in (1, 2):
            part = os.path.join(folder, f"{number}.json")
            with open(part + ".new", "w", encoding="utf-8") as out:
                json.dump({"routes": [route(f"/part{number}", respond={"body": "new"})]}, out)
            os.replace(part + ".new", part)
            wait_until(lambda: self.sluice.get(f"/part{number}").status == 200, "the included route")
        os.unlink(os.path.join(folder, "1.json"))
        wait_until(lambda: self.sluice.get("/part1").status == 404, "the end of the included route")

    def test_a_watch_is_turned_on_and_off_by_a_reload(self):
        self.start()
        off = saying("two")
        off["reload"] = {"watch": False}
        self.sluice.write_config(off)
        self.wait_answer("two")
        # Whether nothing happens can't be waited for: the thread that would look is gone.
        wait_until(lambda: "file-watch" not in self.threads(), "the end of the thread that looks")
        if not is_wine():
            self.sluice.reload(saying("three"))
            self.assertEqual(self.answer(), "three")
            wait_until(lambda: "file-watch" in self.threads(), "the thread that looks")

    def threads(self):
        names = []
        for task in os.listdir(f"/proc/{self.sluice.process.pid}/task"):
            try:
                with open(f"/proc/{self.sluice.process.pid}/task/{task}/comm", encoding="ascii") as comm:
                    names.append(comm.read().strip())
            except OSError:  # It has ended meanwhile.
                continue
        return names


class LastGood(GatewayTest):
    def kept(self, gateway):
        return [name for name in os.listdir(gateway.folder) if name.startswith("last-good-")]

    def test_the_last_good_configuration_is_kept_for_its_user_alone(self):
        sluice = self.gateway(saying("one"))
        (name,) = self.kept(sluice)
        self.assertEqual(os.stat(os.path.join(sluice.folder, name)).st_mode & 0o777, 0o600)
        with open(os.path.join(sluice.folder, name), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["routes"][0]["respond"]["body"], "one")

    def test_a_broken_file_does_not_start_unless_the_last_good_one_is_asked_for(self):
        first = self.gateway(saying("one"))
        first.write_config("{ broken")
        wait_until(lambda: first.reloads(), "the refusal")
        first.stop()
        self.assertEqual(run_command("run", "-c", native_path(first.file)).returncode, 3)
        os.environ["STATE_DIRECTORY"] = first.folder
        self.addCleanup(os.environ.pop, "STATE_DIRECTORY", None)
        again = self.start_again(first)
        self.assertEqual(again.get("/a").text, "one")
        self.assertTrue([one for one in again.log if "last good" in one["message"]])
        # What is watched is the file itself: it takes over when it is mended.
        again.file = first.file
        again.write_config(saying("two"))
        again.send_signal(1)
        wait_until(lambda: again.get("/a").text == "two", "the mended file")

    def start_again(self, first):
        again = Gateway.__new__(Gateway)
        again.attach(first.config, ["run", "-c", native_path(first.file), "--last-good"], first.folder)
        self.addCleanup(again.end)
        return again

    def test_what_was_refused_is_not_kept(self):
        sluice = self.gateway(saying("one"))
        sluice.write_config("{ broken")
        wait_until(lambda: sluice.reloads(), "the refusal")
        (name,) = self.kept(sluice)
        with open(os.path.join(sluice.folder, name), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["routes"][0]["respond"]["body"], "one")

    def test_without_a_kept_one_the_errors_are_told(self):
        sluice = self.gateway(saying("one"))
        broken = os.path.join(sluice.folder, "broken.json")
        with open(broken, "w", encoding="utf-8") as out:
            out.write("{")
        ended = run_command("run", "-c", native_path(broken), "--last-good")
        self.assertEqual(ended.returncode, 3)
        self.assertIn("broken.json:1:", ended.stderr)


if __name__ == "__main__":
    main()
