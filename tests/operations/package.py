#!/usr/bin/python3
"""The Debian package: what is in it, whether its manual and completion know every command and flag, and its life
on a machine: installed, run as its user, removed, purged.

    tests/operations/package.py [--binary build/customer360] [NAME...]

The package is beside the binary (`make package`). Installing needs root, and a machine without Customer 360 on it.
Prints TAP. Exit status 1 when one failed.
"""
import glob
import json
import os
import pwd
import re
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
from harness import run  # noqa: E402
from servers.service import API, Service  # noqa: E402

def said(*words, code=0, **more):
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, **more)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def package():
    found = glob.glob(os.path.join(os.path.dirname(harness.BINARY), "customer360_*.deb"))
    assert len(found) == 1, f"make package has not been run: {found}"
    return found[0]


def commands_and_flags():
    """Of --help: {command: flags}, and the flags of the keys."""
    names = re.findall(r"^  (\w+) +\S", run("--help").stdout.split("\n\n")[2], re.M)
    flags = {name: re.findall(r"^  --([\w-]+)", run("help", name).stdout, re.M) for name in names}
    return flags, re.findall(r"^  --([\w-]+)", run("help", "configuration").stdout, re.M)


def plain(text):
    return re.sub(r".\x08", "", text)


def test_manual_and_completion_know_every_command_flag_and_key():
    flags, keys = commands_and_flags()
    assert {"serve", "backup", "doctor"} <= set(flags) and len(keys) > 40, (flags, keys)
    roff = run("help", "--man").stdout
    warnings = said("groff", "-man", "-Tutf8", "-ww", "-z", input=roff) + said("groff", "-man", "-Tutf8", "-ww", "-z", input=run("help", "configuration", "--man").stdout)
    assert warnings == "", warnings
    manual = plain(said("groff", "-man", "-Tascii", "-P-c", "-rLL=200n", input=roff))
    of_keys = plain(said("groff", "-man", "-Tascii", "-P-c", "-rLL=200n", input=run("help", "configuration", "--man").stdout))
    completion = run("help", "--completion").stdout
    parts = re.split(r"^   (?=\w+$)", manual, flags=re.M)
    described = {part.split("\n", 1)[0]: part for part in parts[1:]}
    assert list(described) == list(flags), (list(described), list(flags))
    for command, options in flags.items():
        for option in options:
            assert re.search(rf"--{option}\b", described[command]), (command, option)
        offered = re.search(rf"^ +{command}\) words=\"(.*)\" ;;$", completion, re.M).group(1).split()
        assert offered == [f"--{option}" for option in options], (command, offered)
    offered = re.search(r'keys="(.*)"', completion).group(1).split()
    for key in keys:
        assert re.search(rf"--{key}\b", of_keys) and f"--{key}" in offered, key


def complete(*words):
    """What bash would offer for the last word."""
    with open("completion", "w", encoding="utf-8") as file:
        file.write(run("help", "--completion").stdout)
    script = f". ./completion; COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; _customer360; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return said("bash", "-c", script).split()


def test_the_shell_completes_commands_options_words_and_files():
    assert complete("customer360", "bac") == ["backup"]
    assert complete("customer360", "import", "--key") == ["--key-column"]
    assert "--tls-certificate" in complete("customer360", "serve", "--tls")
    assert complete("customer360", "serve", "--log-level", "de") == ["debug"]
    assert complete("customer360", "help", "conf") == ["configuration"]
    with open("customers.csv", "w", encoding="utf-8"):
        pass
    assert complete("customer360", "import", "cust") == ["customers.csv"]


def test_the_unit_confines_the_service():
    unit = os.path.join(harness.ROOT, "packaging", "customer360.service")
    level = re.search(r"Overall exposure level for customer360.service: ([\d.]+)", said("systemd-analyze", "security", "--offline=true", unit, "--no-pager"))
    assert float(level.group(1)) <= 1.2, level.group(0)
    complaints = [line for line in said("systemd-analyze", "verify", unit, code=1).splitlines() if "not executable" not in line]
    assert not complaints, complaints


def test_the_package_says_what_it_needs_and_holds_what_it_should():
    control = said("dpkg-deb", "--field", package())
    for library in ("libsqlite3-0", "libpq5", "libssl3", "libc6", "adduser"):
        assert library in control, control
    content = said("dpkg-deb", "--contents", package())
    for path in ("./usr/bin/customer360", "./lib/systemd/system/customer360.service", "./etc/customer360/customer360.conf",
                 "./usr/share/man/man1/customer360.1.gz", "./usr/share/man/man5/customer360.conf.5.gz",
                 "./usr/share/bash-completion/completions/customer360", "./usr/share/doc/customer360/operating.md"):
        assert f" {path}\n" in content, path
    assert "root/root" in content and " 0/0" not in content


def test_every_link_of_an_installed_document_leads_somewhere():
    said("dpkg-deb", "--extract", package(), "extracted")
    root, lost = "extracted/usr/share/doc/customer360", []
    for directory, _, files in os.walk(root):
        for name in files:
            if not name.endswith(".md"):
                continue
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                links = re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", file.read())
            lost += [f"{name}: {link}" for link in links if not os.path.exists(os.path.join(directory, link))]
    assert os.path.exists(f"{root}/operating.md") and len(os.listdir(f"{root}/decisions")) > 50
    assert not lost, lost


def as_user(*words):
    return ["setpriv", "--reuid=customer360", "--regid=customer360", "--init-groups", *words]


def test_it_is_installed_run_as_its_user_removed_and_purged():
    if os.getuid() != 0:
        raise harness.Skip("only root installs packages")
    if os.path.exists("/etc/customer360") or os.path.exists("/var/lib/customer360") or os.path.exists("/usr/bin/customer360"):
        raise harness.Skip("Customer 360 is on this machine, which is not touched")
    had_user = any(user.pw_name == "customer360" for user in pwd.getpwall())
    binary = harness.BINARY
    try:
        said("dpkg", "-i", package())
        user = pwd.getpwnam("customer360")
        for path, owner, mode in (("/var/lib/customer360", user.pw_uid, 0o750), ("/etc/customer360", 0, 0o750), ("/etc/customer360/customer360.conf", 0, 0o640)):
            there = os.stat(path)
            assert (there.st_uid, there.st_gid, stat.S_IMODE(there.st_mode)) == (owner, user.pw_gid, mode), path
        if os.path.exists("/usr/bin/man.REAL") or not os.path.exists("/etc/dpkg/dpkg.cfg.d/docker"):
            assert os.path.exists("/usr/share/man/man1/customer360.1.gz")
        os.chmod(".", 0o777)
        flags = ["--config", "/etc/customer360/customer360.conf", "--identity-gateway-peers", "127.0.0.1"]
        api = Service(as_user("env", "--chdir=/var/lib/customer360", "/usr/bin/customer360"), flags, log="service.log")
        flags += ["--listen", f"127.0.0.1:{api.port}"]
        status, made = api.request("POST", f"{API}/customers", '{"name":"Packaged"}', Content_Type="application/json", X_Tenant_ID="acme",
                                   X_User_Id="jane", X_User_Permissions="*")
        assert status == 201, made
        said(*as_user("/usr/bin/customer360", "backup", "/var/lib/customer360/a.backup", *flags), cwd="/")
        findings = json.loads(subprocess.run(as_user("/usr/bin/customer360", "doctor", "--json", *flags), capture_output=True, text=True, cwd="/", check=False).stdout)
        assert not [f for f in findings if f["severity"] == "FAILURE" and f["about"] != "port"], findings
        assert api.stop() == 0
        assert os.stat("/var/lib/customer360/customer360.db").st_uid == user.pw_uid
        said("dpkg", "-r", "customer360")
        assert os.path.exists("/etc/customer360/customer360.conf") and not os.path.exists("/usr/bin/customer360")
        assert "it holds customers" in said("dpkg", "-P", "customer360")
        assert not os.path.exists("/etc/customer360") and os.path.exists("/var/lib/customer360/customer360.db")
    finally:
        harness.BINARY = binary
        subprocess.run(["dpkg", "-P", "customer360"], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", "/var/lib/customer360", "/etc/customer360"], check=False)
        if not had_user:
            subprocess.run(["deluser", "--quiet", "--system", "customer360"], check=False, capture_output=True)


if __name__ == "__main__":
    harness.main(globals())
