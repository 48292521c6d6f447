"""kannel - a real Kannel: bearerbox, smsbox and its fake SMSC, in a private directory on free ports of loopback

The fake SMSC plays all phones: what is written to it is a text that somebody sends, what it prints is what
arrives at somebody's phone.
"""

import re
import socket
import subprocess
import urllib.parse

from .stack import free_port, wait_for

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
CONFIGURATION = """\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = secret
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = "*.*.*.*"
store-type = spool
store-location = {home}/store
dlr-storage = spool
dlr-spool = {home}/dlr

group = smsc
smsc = fake
smsc-id = phones
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
sendsms-chars = "0123456789+"
mo-recode = true
http-request-retry = 20
http-queue-delay = 1

group = sendsms-user
username = muster
password = geheim
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
omit-empty = true
get-url = "{inbound}?from=%p&to=%P&text=%b&id=%I&charset=%C"
"""


class Kannel:
    def __init__(self, home):
        self.home = home
        self.ports = {name: free_port() for name in ("admin", "box", "smsc", "sendsms")}
        self.running = {}
        for name in ("store", "dlr"):
            (home / name).mkdir(parents=True)

    # What the programs of ours are told.
    @property
    def settings(self):
        return {
            "SMS_PROVIDER": "kannel", "KANNEL_URL": f"http://127.0.0.1:{self.ports['sendsms']}/cgi-bin/sendsms",
            "KANNEL_USERNAME": "muster", "KANNEL_PASSWORD": "geheim"}

    def configure(self, inbound):
        (self.home / "kannel.conf").write_text(CONFIGURATION.format(home=self.home, inbound=inbound, **self.ports))

    def _run(self, name, command, **kwargs):
        with open(self.home / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, **kwargs)

    def _listens(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.ports[port])) == 0

    def start_bearerbox(self):
        self._run("bearerbox", ["/usr/sbin/bearerbox", str(self.home / "kannel.conf")], stdin=subprocess.DEVNULL)
        wait_for(lambda: self._listens("box"), what="bearerbox")

    def start_smsbox(self):
        self._run("smsbox", ["/usr/sbin/smsbox", str(self.home / "kannel.conf")], stdin=subprocess.DEVNULL)
        wait_for(lambda: self._listens("sendsms"), what="smsbox")

    def start_phones(self):
        self._run("phones", [FAKESMSC, "-H", "127.0.0.1", "-r", str(self.ports["smsc"]), "-v", "0"], stdin=subprocess.PIPE)

    def start(self):
        self.start_bearerbox()
        self.start_smsbox()
        self.start_phones()

    def stop(self, *names):
        """They finish what they have, and keep the rest on disk. The phones end by themselves when the bearerbox has hung
        up and all is printed that it counts as delivered."""
        stopped = {name: self.running.pop(name) for name in names or list(self.running)}
        phones = stopped.pop("phones", None)
        for process in stopped.values():
            process.terminate()
        for process in stopped.values():
            process.wait(120)
        if phones is not None:
            phones.wait(120)
            phones.stdin.close()

    # ---- phones ----------------------------------------------------------------------------

    def text(self, sender, to, body):
        """Somebody writes."""
        units = urllib.parse.quote(body.encode("utf-16-be"))
        self.running["phones"].stdin.write(f"{sender} {to} ucs2 {units}\n".encode())
        self.running["phones"].stdin.flush()

    def arrived(self, phone):
        """What arrived at that phone, oldest first: (how it was written, text)."""
        log = (self.home / "phones.log").read_text(errors="replace")
        found = re.findall(rf"Got message \d+: <\S+ {re.escape(phone)} (\S+) (.*)>$", log, re.M)
        return [(kind, _decoded(kind, text)) for kind, text in found]

    def wait_arrived(self, phone, count=1):
        wait_for(lambda: len(self.arrived(phone)) >= count, what=f"{count} text(s) at {phone}")
        return self.arrived(phone)


def _decoded(kind, text):
    if kind != "ucs-2":
        return text
    return urllib.parse.unquote_to_bytes(text.replace("+", "%20")).decode("utf-16-be")
