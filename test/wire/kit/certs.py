# SPDX-License-Identifier: Apache-2.0
"""A throw-away certificate authority, made with the openssl command (P-256)."""
import os
import ssl
import subprocess


def openssl(*words, **more):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=30, **more)
    assert done.returncode == 0, f"openssl {' '.join(words)}: {done.stderr}"
    return done.stdout


class Identity:
    """A certificate and its key, as file names."""

    def __init__(self, certificate, key):
        self.certificate = certificate
        self.key = key


class Authority:
    """One CA in a folder of its own; makes leaves with the names that a test wants."""

    def __init__(self, folder, name="wire test CA"):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.key = self._path("ca.key")
        self.certificate = self._path("ca.pem")
        self._new_key(self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-sha256", "-days", "30",
                "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.certificate)
        self.count = 0

    def _path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def _new_key(path):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)

    def issue(self, name, san, start=None, end=None, usage="serverAuth,clientAuth",
              subject=None, mask="utf8only"):
        """Makes name.pem and name.key; san is e.g. 'IP:127.0.0.1,DNS:a.test' or '' for none. The
        common name is the subject, else the name; mask is which strings of ASN.1 it may be."""
        self.count += 1
        key, request, leaf = (self._path(f"{name}.{end_}") for end_ in ("key", "csr", "pem"))
        self._new_key(key)
        common = (subject or name).replace("/", "\\/")
        section = self._path(f"{name}.cnf")
        with open(section, "w", encoding="ascii") as file:
            file.write(self._ca_section(name, san, usage, mask))
        openssl("req", "-new", "-key", key, "-subj", f"/CN={common}", "-config", section,
                "-out", request)
        words = ["ca", "-batch", "-notext", "-config", section, "-in", request, "-out", leaf,
                 "-create_serial", "-md", "sha256"]
        words += ["-startdate", start, "-enddate", end] if end else ["-days", "20"]
        openssl(*words)
        return Identity(leaf, key)

    def crl(self, name, revoked=(), is_old=False):
        """The path of a revocation list with what was revoked."""
        section, path = self._path(f"{name}-crl.cnf"), self._path(f"{name}.crl")
        with open(section, "w", encoding="ascii") as file:
            file.write(self._ca_section(f"{name}-crl", "", "clientAuth", "utf8only"))
        for identity in revoked:
            openssl("ca", "-config", section, "-revoke", identity.certificate)
        words = ["ca", "-config", section, "-gencrl", "-md", "sha256", "-out", path]
        words += ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20210101000000Z"] \
            if is_old else ["-crldays", "10"]
        openssl(*words)
        return path

    def expired(self, name, san):
        return self.issue(name, san, start="20200101000000Z", end="20210101000000Z")

    def _ca_section(self, name, san, usage, mask):
        index = self._path(f"{name}.index")
        open(index, "w", encoding="ascii").close()
        alt = f"subjectAltName={san}\n" if san else ""
        return (f"[ca]\ndefault_ca=one\n[one]\ndatabase={index}\nnew_certs_dir={self.folder}\n"
                f"default_md=sha256\nserial={self._path(f'{name}.serial')}\nrand_serial=yes\n"
                f"certificate={self.certificate}\nprivate_key={self.key}\npolicy=any\n"
                "x509_extensions=leaf\nunique_subject=no\n"
                f"string_mask={mask}\n[any]\ncommonName=supplied\n"
                f"[req]\nstring_mask={mask}\ndistinguished_name=none\n[none]\n"
                "[leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                f"extendedKeyUsage={usage}\n{alt}")

    def server_context(self, identity, ask_client=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate, identity.key)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if ask_client:
            context.load_verify_locations(self.certificate)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_context(self, identity=None, highest=None):
        """A client that verifies chain and name of whom it talks to."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.certificate)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if highest:
            context.maximum_version = highest
        if identity:
            context.load_cert_chain(identity.certificate, identity.key)
        return context
