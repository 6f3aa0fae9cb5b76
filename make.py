#!/usr/bin/env python3
"""Set up the course and run its commands, on Linux, macOS and Windows, with Python's standard library alone.

`make TARGET` on Linux and macOS and `py make.py TARGET` on Windows are the same thing. Everything is
installed into the folder .venv beside this file; deleting that folder undoes it.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import which_torch

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
START_PAGE = "my_work/lessons/00_start_here.ipynb"
OLDEST_PYTHON = (3, 11)
SYSTEM_PACKAGES = {  # what some tests need from the system: Debian package -> a path it brings
    "bubblewrap": "/usr/bin/bwrap",
    "chromium": "/usr/bin/chromium",
    "dataset-fashion-mnist": "/usr/share/datasets/fashion-mnist",
    "npm": "/usr/bin/npm",
    "postgresql": "/usr/lib/postgresql",
}
# no question about news on the first start, and no request over the network
LAB_SETTINGS = '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}'


def say(text):
    print("-- " + text, flush=True)


def stop(text):
    sys.exit("\n" + text)


def write(path, text):
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text)
    os.replace(str(temporary), str(path))


def program(name):
    """Return the path of a program inside .venv."""
    folder, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return str(VENV / folder / (name + ending))


def run(*command, **options):
    """Run a command, stop with its exit status if it fails, and let ctrl-C end both."""
    say(" ".join(str(word) for word in command))
    result = subprocess.run([str(word) for word in command], cwd=str(ROOT), **options)
    if result.returncode:
        sys.exit(result.returncode)


def check_python():
    if sys.version_info < OLDEST_PYTHON:
        stop(
            "The course needs Python 3.11 or newer; this is Python {}.{} ({}).\n"
            "Install a newer one (python.org, your system's packages, or conda), then name it, for example:\n"
            "    make lab PYTHON=python3.12".format(sys.version_info[0], sys.version_info[1], sys.executable)
        )


def check_disk(torch, reason):
    needed, small = which_torch.gigabytes(torch), which_torch.gigabytes("cpu")
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < needed:
        hint = " With `make lab TORCH=cpu` it needs {} GB.".format(small) if small < needed else ""
        stop(
            "The disk that holds this folder has {:.1f} GB free; the installation needs {} GB, with {}\n"
            "({}).{}\nFree some space or move the folder to another disk, then run this again.".format(
                free, needed, which_torch.KINDS[torch], reason, hint
            )
        )


def create_venv():
    say("creating .venv with Python {}.{}".format(*sys.version_info[:2]))
    result = subprocess.run([sys.executable, "-m", "venv", str(VENV)])
    if result.returncode:
        shutil.rmtree(str(VENV), ignore_errors=True)
        stop(
            "Python could not create a virtual environment. On Debian and Ubuntu its module is a package of its own:\n"
            "    sudo apt install python3-venv\nthen run this again."
        )


def install(extra, torch, exact=True, again=False):
    """Install the package with `extra` and this PyTorch; return whether that went well."""
    command = [program("uv"), "pip", "install", "--python", program("python")]
    command += ["-e", ".[{}]".format(extra) if extra else "."]
    if torch == "cpu":
        command += ["--torch-backend", "cpu"]
    if again:  # the other kind has the same version number, so it would count as installed
        command += ["--reinstall-package", "torch", "--reinstall-package", "torchvision"]
    return subprocess.run(command + ["-c", "constraints.txt"] * exact, cwd=str(ROOT)).returncode == 0


def install_or_stop(extra, torch, reason, asked):
    """Install; go on with the ordinary PyTorch or the newest versions where that helps. Return what was taken."""
    before = which_torch.installed(VENV)
    again = bool(before) and before[0] != torch
    if again:
        say("changing from {} to {}: {}".format(which_torch.KINDS[before[0]], which_torch.KINDS[torch], reason))
        for file in VENV.glob(".installed-*"):  # they speak of the other kind
            file.unlink()
    say("installing the course and what it needs; the first time this downloads 1 to 4 GB")
    if install(extra, torch, again=again):
        return torch, reason
    if shutil.disk_usage(str(ROOT)).free < 0.2e9:
        stop("The disk is full. Free some space, then run this again: it goes on where it stopped.")
    if torch == "cpu" and asked == "auto" and not before:
        reason = "there is no NVIDIA GPU, but the small one could not be installed"
        say("the small PyTorch cannot be had here; taking the ordinary one")
        check_disk("default", reason)
        return install_or_stop(extra, "default", reason, asked)
    if os.environ.get("CI") == "true":
        stop("The exact versions in constraints.txt could not be installed.")
    say("the exact versions in constraints.txt cannot be had here; trying the newest that fit")
    if install(extra, torch, exact=False, again=again):
        return torch, reason
    hint = "\nThe small PyTorch comes from download.pytorch.org; TORCH=default takes the ordinary one from PyPI."
    stop(
        "The installation failed; the lines above say where. Most often the network is down or a proxy is not set\n"
        "(HTTPS_PROXY). Run this again when it is back: what is installed already is kept." + hint * (torch == "cpu")
    )


def environment(extra="", asked="auto"):
    """Make .venv hold the course with `extra`; costs nothing when it does already."""
    check_python()
    torch, reason = which_torch.decide(asked, VENV)
    wanted = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt", "make.py"))
    stamp = hashlib.sha256(wanted + torch.encode()).hexdigest()
    done = VENV / (".installed-" + (extra or "base"))
    # "dev" holds all that is needed elsewhere, and "bench" holds "dev"
    enough = [done, VENV / ".installed-bench"] + ([VENV / ".installed-dev"] if extra != "bench" else [])
    if any(file.exists() and file.read_text() == stamp for file in enough):
        return
    say("{}: {}".format(which_torch.KINDS[torch], reason))
    if not Path(program("python")).exists():
        check_disk(torch, reason)
        create_venv()
    if not Path(program("uv")).exists():
        run(program("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
    torch, reason = install_or_stop(extra, torch, reason, asked)
    which_torch.keep(torch, reason, VENV)
    write(VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json", LAB_SETTINGS)
    write(done, hashlib.sha256(wanted + torch.encode()).hexdigest())


def install_system_packages():
    """Install what the tests need from the system where that is allowed; else the tests say what is missing."""
    missing = [name for name, path in SYSTEM_PACKAGES.items() if not os.path.exists(path)]
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    sudo = not root and shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True)
    if not shutil.which("apt-get") or not (root or (sudo and sudo.returncode == 0)):
        say("not installed: {}; the tests that need them are skipped and say so".format(", ".join(missing)))
        return
    prefix = [] if root else ["sudo", "-n"]
    say("installing for the tests: " + ", ".join(missing))
    quiet = {"stdout": subprocess.DEVNULL, "env": dict(os.environ, DEBIAN_FRONTEND="noninteractive")}
    subprocess.run(prefix + ["apt-get", "update", "--quiet"], **quiet)
    if subprocess.run(prefix + command, **quiet).returncode:
        say("they could not all be installed; the tests that need them are skipped and say so")


def without_network():
    """Return a command prefix that cuts the network off, or nothing where that is not possible."""
    bwrap = shutil.which("bwrap")
    prefix = [bwrap, "--dev-bind", "/", "/", "--unshare-net", "--"]
    if bwrap and subprocess.run(prefix + ["true"], capture_output=True).returncode == 0:
        return prefix
    say("bubblewrap cannot cut the network off here; the tests run with it on")
    return []


def lab(arguments):
    environment(asked=arguments.torch)
    run(program("cnncourse"), "start", "--to", "my_work")
    say("JupyterLab opens in your browser; ctrl-C here stops it")
    added = {  # what is added, unless ARGS has one of these options
        "--ServerApp.root_dir=" + str(ROOT): ("root-dir", "notebook-dir"),
        "--LabApp.default_url=/lab/tree/" + START_PAGE: ("default-url", "root-dir", "notebook-dir"),
    }
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        added["--allow-root"] = ("allow-root",)
    if os.path.exists("/.dockerenv"):  # reachable from outside the container; the token still guards it
        added["--ip=0.0.0.0"] = ("ip", "sock")
        added["--no-browser"] = ("no-browser", "browser", "open-browser")
    # "--ServerApp.root_dir=x", "--root_dir=x" and "--root-dir x" all say root-dir
    flags = [word.split("=")[0] for word in arguments.rest if word[:1] == "-"]
    said = {flag.lstrip("-").split(".")[-1].replace("_", "-") for flag in flags}
    options = [option for option, names in added.items() if not said & set(names)]
    path = os.pathsep.join([str(Path(program("python")).parent), os.environ.get("PATH", "")])  # for its terminals
    run(program("jupyter"), "lab", *options, *arguments.rest, env=dict(os.environ, PATH=path, **menus(arguments)))


def menus(arguments):
    """Return the variables that hide nbgrader's menus, which are there for teachers, from learners."""
    if arguments.teacher:
        return {}
    folder = VENV / "etc" / "learner"
    parts = ["formgrader", "validate_assignment", "assignment_list", "course_list"]
    server = {"ServerApp": {"jpserver_extensions": {"nbgrader.server_extensions." + part: False for part in parts}}}
    page = {"disabledExtensions": {"@jupyter/nbgrader": True}}
    for name, content in (("jupyter_server_config.json", server), ("labconfig/page_config.json", page)):
        write(folder / name, json.dumps(content))
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join([str(folder)] + ([others] if others else []))}


def test(arguments):
    environment("dev", asked=arguments.torch)
    install_system_packages()
    run(program("python"), "-m", "tools.book", "--fetch")  # while there is a network
    run(*without_network(), program("python"), "-m", "tools.run_tests", *arguments.rest)


def module(name, extra="dev"):
    """Return a target that runs one of the course's tools."""

    def target(arguments):
        environment(extra, asked=arguments.torch)
        run(program("python"), "-m", name, *arguments.rest)

    return target


def lint(arguments):
    environment("dev", asked=arguments.torch)
    run(program("ruff"), "check", ".", *arguments.rest)


TARGETS = {
    "lab": (lab, "set up .venv and open JupyterLab on the course's start page"),
    "test": (test, "run what CI runs: lint, tests, notebooks compared; ARGS=--all leaves nothing out"),
    "notebooks": (module("tools.build_notebooks"), "rebuild the lessons whose source has changed"),
    "exercises": (module("tools.build_exercises"), "rebuild masters and student versions of the exercises"),
    "book": (module("tools.book", "book"), "build the course as a website; ARGS=--serve shows it on this computer"),
    "release": (module("tools.release", "classroom"), "release exercises to a class, through nbgrader"),
    "bench": (module("benchmarks", "bench"), "measure how fast it all is; ARGS=--help lists the parts"),
    "processors": (module("tools.processors"), "run what depends on rounding as other processors would"),
    "lint": (lint, "check the code's style"),
}


def main():
    lines = ["  {:<11} {}".format(name, text) for name, (_, text) in TARGETS.items()]
    parser = argparse.ArgumentParser(
        prog="make",
        description=__doc__,
        epilog="targets:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,  # behind a target, --help asks that target
    )
    parser.add_argument("target", nargs="?", choices=list(TARGETS), metavar="TARGET")
    parser.add_argument("--torch", choices=["auto", *which_torch.KINDS], default=os.environ.get("TORCH") or "auto",
                        help="'cpu' is the small PyTorch without CUDA; 'auto' takes it where it suits")  # fmt: skip
    parser.add_argument("--teacher", action="store_true", help="lab: with nbgrader's menus, if it is installed")
    arguments, arguments.rest = parser.parse_known_args()
    if {"-h", "--help"} & set(arguments.rest) and arguments.target in (None, "lab"):
        parser.print_help()
        return
    if arguments.target is None:
        print("\n".join(["make TARGET, where TARGET is one of", *lines]))
        print("TORCH=cpu or TORCH=default behind it says which PyTorch to install, where the choice is yours (Linux).")
        return
    try:
        TARGETS[arguments.target][0](arguments)
    except KeyboardInterrupt:
        stop("Stopped. Run the same command again to go on.")


if __name__ == "__main__":
    main()
