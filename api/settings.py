"""The settings: read from the environment once, checked before anything starts."""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from domain.currencies import CURRENCIES
from domain.log import opening
from domain.moments import zone_named
from domain.privacy.masters import MastersLocation
from domain.privacy.opening import KeysLocation
from domain.privacy.periods import Period, RetentionPeriods
from domain.reconciling import KEPT_BYTES_MAX

FORWARDED: Final = ("x-forwarded", "forwarded")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
# The methods that metrics tell apart; a client can make up others.
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SPANS_GO_BY: Final = "http/protobuf"
# A host name, an IPv4 address, or an IPv6 address in brackets; without a port.
HOST: Final = r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}"
T = TypeVar("T")
# The files that stand beside a ledger, by the setting that names another place.
_BESIDE: Final = {
    "VIEWS": "views.db",
    "KEY": "ledger.key",
    "CHECKPOINTS": "checkpoints.txt",
    "ACCESSES": "accesses.txt",
    "ERASURES": "erasures.txt",
    "KEYS": "keys.db",
    "MASTER": "master.key",
    "WEBHOOKS": "webhooks.db",
}


class WrongSetting(Exception):
    """A setting is wrong; the message names it and says what would be right."""


class Provider(msgspec.Struct, frozen=True):
    """An identity provider whose tokens are taken: the file or URL of its keys, the issuer and audience that its tokens
    must name, and the claims with a customer's id and with scopes."""

    keys: str
    issuer: str
    audience: str
    customer_claim: str
    scopes_claim: str


class Rate(NamedTuple):
    """A limit: so many `requests` in a row, and as many again in each span of `seconds`."""

    requests: int
    seconds: int


class Address(NamedTuple):
    """A host and a port to listen on."""

    host: str
    port: int


class Traces(NamedTuple):
    """The collector's address and protocol, by the variables of OpenTelemetry's standard."""

    address: str
    protocol: str


class Settings(msgspec.Struct, frozen=True):
    # The log's URL; the URL without its password; the file that it names, if any; and the folder of the other files.
    url: str
    shown_url: str
    ledger: Path | None
    folder: Path
    views: Path
    currency: str
    timezone: ZoneInfo
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    # The family of forwarded headers that trusted proxies set; the URL that all links begin with, if any; and the hosts
    # that requests may name, any where none are given.
    forwarded: str
    public_url: str | None
    allowed_hosts: frozenset[str]
    # The private signing key, and the file to which signed checkpoints are appended.
    key: Path
    checkpoints: Path
    checkpoint_seconds: int
    # The data keys that seal personal data, and the master keys that wrap them; and the log of accesses.
    keys: KeysLocation
    accesses: Path
    # The retention of each personal part, and the file outside the ledger that lists the erasures.
    keep: RetentionPeriods
    erasures: Path
    # The file of webhooks and their deliveries, and the private networks that webhooks may lead to.
    webhooks: Path
    webhook_networks: tuple[IPv4Network | IPv6Network, ...]
    # How many connections one address may have to a worker; trusted proxies may have any number.
    connections_per_address: int
    # The bytes that kept settlement files, rules and reports may take, as they are stored.
    kept_bytes_max: int
    provider: Provider | None
    # The origins whose pages may call the service from a browser; `*` is all of them.
    cors_origins: frozenset[str]
    # The limit of each caller's requests to a worker; None for no limit.
    rate: Rate | None
    # The address of the metrics, None for no metrics; and the least level of lines in the service's log.
    metrics: Address | None
    log_level: str
    # The collector of spans, None for no spans. Only `serve` checks that spans can be sent.
    traces: Traces | None

    @property
    def key_uses(self) -> Path:
        """The file with the time of each access key's last use."""
        return self.views.with_name("key-uses.db")

    def trusts(self, address: str) -> bool:
        """Whether forwarded headers from this peer are believed."""
        if not self.trusted_proxies:
            return False
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        return any(peer in network for network in self.trusted_proxies)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings of an environment; an unset or empty one has its default. Raises WrongSetting, which names all
    faults."""
    names: set[str] = set()
    wrong: list[str] = []

    def value(name: str, default: str) -> str:
        names.add(name)
        return environment.get(name, "").strip() or default

    def tried(parse: Callable[..., T], *arguments: object) -> T:
        """A parsed setting; where it is wrong, its fault is noted, and `read` raises at its end."""
        try:
            return parse(*arguments)
        except WrongSetting as error:
            wrong.append(str(error))
            return None  # type: ignore[return-value]

    url = value("LEDGER_URL", "sqlite:///var/ledger.db")
    shown, folder, ledger = tried(_of_ledger, url) or (url, Path("var"), None)
    files = {name: Path(value(f"LEDGER_{name}", str(folder / beside))) for name, beside in _BESIDE.items()}
    wrong += _wrong_files(ledger, files)
    found = Settings(
        url=url,
        shown_url=shown,
        ledger=ledger,
        folder=folder,
        views=files["VIEWS"],
        currency=tried(_currency, value("LEDGER_CURRENCY", "USD")),
        timezone=tried(_timezone, value("LEDGER_TIMEZONE", "UTC")),
        trusted_proxies=tried(_networks, "LEDGER_TRUSTED_PROXIES", value),
        forwarded=tried(_one_of, FORWARDED, "LEDGER_FORWARDED", value("LEDGER_FORWARDED", FORWARDED[0])),
        public_url=tried(_public_url, value("LEDGER_PUBLIC_URL", "")),
        allowed_hosts=tried(_hosts, value("LEDGER_ALLOWED_HOSTS", "")),
        key=files["KEY"],
        checkpoints=files["CHECKPOINTS"],
        checkpoint_seconds=tried(_seconds, value("LEDGER_CHECKPOINT_SECONDS", "3600")),
        accesses=files["ACCESSES"],
        keep=RetentionPeriods(
            tried(_period, "LEDGER_KEEP_CONTACT", value, "24m"),
            tried(_period, "LEDGER_KEEP_INVOICE", value, "10y"),
            tried(_period, "LEDGER_KEEP_SETTLEMENT_FILES", value, "10y"),
        ),
        erasures=files["ERASURES"],
        keys=KeysLocation(files["KEYS"], MastersLocation(files["MASTER"], value("LEDGER_MASTER_KEY", "") or None)),
        webhooks=files["WEBHOOKS"],
        webhook_networks=tried(_networks, "LEDGER_WEBHOOK_NETWORKS", value),
        connections_per_address=tried(_count, "LEDGER_CONNECTIONS_PER_ADDRESS", value, 128),
        kept_bytes_max=(tried(_count, "LEDGER_KEPT_FILES_MIB", value, KEPT_BYTES_MAX // 1024**2) or 0) * 1024**2,
        provider=tried(_provider, value),
        cors_origins=tried(_origins, value("LEDGER_CORS_ORIGINS", "")),
        rate=tried(_rate, value("LEDGER_RATE_LIMIT", "")),
        metrics=tried(_address, "LEDGER_METRICS", value("LEDGER_METRICS", "")),
        log_level=tried(_one_of, LOG_LEVELS, "LEDGER_LOG_LEVEL", value("LEDGER_LOG_LEVEL", "info")),
        traces=_traces(environment),
    )
    wrong += _unknown_settings(environment, names)
    if wrong:
        raise WrongSetting("\n".join(wrong))
    return found


def _of_ledger(url: str) -> opening.Address:
    try:
        return opening.address(url)
    except ValueError as error:
        raise WrongSetting(f"LEDGER_URL {error}") from None


def _currency(code: str) -> str:
    if (known := CURRENCIES.get(code)) is None:
        raise WrongSetting(f"LEDGER_CURRENCY is {code!r}; it should be a currency code of ISO 4217 like 'USD'.")
    if known.withdrawn:
        raise WrongSetting(
            f"LEDGER_CURRENCY is {code!r}, which was withdrawn on {known.withdrawn}; new orders need an active one."
        )
    return code


def _timezone(name: str) -> ZoneInfo:
    if (zone := zone_named(name)) is None:
        raise WrongSetting(f"LEDGER_TIMEZONE is {name!r}; it should be a time zone like 'UTC' or 'Asia/Tehran'.")
    return zone


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise WrongSetting(
            f"LEDGER_CHECKPOINT_SECONDS is {text!r}; it should be whole seconds like '3600', or '0' for never."
        )
    return int(text)


def _provider(value: Callable[[str, str], str]) -> Provider | None:
    keys, issuer, audience = (value(f"LEDGER_JWT_{name}", "") for name in ("KEYS", "ISSUER", "AUDIENCE"))
    claims = value("LEDGER_JWT_CUSTOMER_CLAIM", "sub"), value("LEDGER_JWT_SCOPES_CLAIM", "scope")
    if not (keys or issuer or audience):
        return None
    if not (keys and issuer and audience):
        raise WrongSetting(
            "LEDGER_JWT_KEYS, LEDGER_JWT_ISSUER and LEDGER_JWT_AUDIENCE go together: all three are needed, or none."
        )
    if keys.startswith("http://") and not re.match(r"http://(localhost|127\.0\.0\.1|\[::1\])[:/]", keys):
        raise WrongSetting(
            f"LEDGER_JWT_KEYS is {keys!r}; it should be a file, or an address that begins with https://."
        )
    if not keys.startswith(("http://", "https://")) and not Path(keys).is_file():
        raise WrongSetting(f"LEDGER_JWT_KEYS is {keys!r}; there is no such file.")
    return Provider(keys, issuer, audience, *claims)


def _origins(text: str) -> frozenset[str]:
    for origin in _list(text):
        if origin != "*" and not re.fullmatch(rf"https?://({HOST})(:[0-9]{{1,5}})?", origin):
            raise WrongSetting(
                f"LEDGER_CORS_ORIGINS: {origin!r}; it should be '*', or origins like 'https://shop.example.com'."
            )
    return frozenset(_list(text))


def _rate(text: str) -> Rate | None:
    if not text:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})", text)
    if found is None:
        raise WrongSetting(f"LEDGER_RATE_LIMIT is {text!r}; it should be requests and seconds, like '600/60'.")
    return Rate(int(found[1]), int(found[2]))


def _address(name: str, text: str) -> Address | None:
    if not text:
        return None
    found = re.fullmatch(rf"({HOST}):([0-9]{{1,5}})", text)
    if found is None or not 0 < int(found[2]) < 65536:
        raise WrongSetting(f"{name} is {text!r}; it should be an address and a port, like '127.0.0.1:9464'.")
    return Address(found[1].strip("[]"), int(found[2]))


def _traces(environment: Mapping[str, str]) -> Traces | None:
    def given(name: str) -> str:
        return environment.get(f"OTEL_{name}", "").strip()

    if given("SDK_DISABLED").lower() == "true" or given("TRACES_EXPORTER").lower() == "none":
        return None
    address, of_all = given("EXPORTER_OTLP_TRACES_ENDPOINT"), given("EXPORTER_OTLP_ENDPOINT")
    if not (address or of_all):
        return None
    protocol = given("EXPORTER_OTLP_TRACES_PROTOCOL") or given("EXPORTER_OTLP_PROTOCOL") or SPANS_GO_BY
    return Traces(address or of_all.removesuffix("/") + "/v1/traces", protocol)


def _one_of(choices: tuple[str, ...], name: str, text: str) -> str:
    if text not in choices:
        raise WrongSetting(f"{name} is {text!r}; it should be one of {', '.join(choices)}.")
    return text


def _unknown_settings(environment: Mapping[str, str], known: set[str]) -> Iterator[str]:
    for name in environment:
        if name.startswith("LEDGER_") and name not in known:
            near = get_close_matches(name, known, 1, 0)
            yield f"{name} is no setting; did you mean {near[0]}? `run.py --help` lists them."


def _count(name: str, value: Callable[[str, str], str], default: int) -> int:
    text = value(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise WrongSetting(f"{name} is {text!r}; it should be a number like '{default}'.")
    return int(text)


def _period(name: str, value: Callable[[str, str], str], default: str) -> Period:
    text = value(name, default)
    try:
        return Period.parse(text)
    except ValueError as error:
        raise WrongSetting(f"{name} is {text!r}; {error}.") from None


def _wrong_files(ledger: Path | None, files: Mapping[str, Path]) -> Iterator[str]:
    whose = {} if ledger is None else {ledger.resolve(): "the ledger itself"}
    for name, path in files.items():
        if path.is_dir():
            yield f"LEDGER_{name} names the folder {path}; it should name a file in it."
        elif (taken := whose.setdefault(path.resolve(), own := f"that of LEDGER_{name}")) != own:
            yield f"LEDGER_{name} is {path}, {taken}; it should be a file of its own."
        elif name == "VIEWS" and path.exists() and not path.is_symlink():
            yield f"LEDGER_VIEWS is {path}, a file that is no views of ours; it should name none that is there."
    for name, path in (("VIEWS", Path(f"{files['VIEWS']}.lock")), ("CHECKPOINTS", files["CHECKPOINTS"])):
        if path.is_symlink():
            yield f"LEDGER_{name}: {path} is a link, which is never followed; it should be a file, or not be there."


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _networks(name: str, value: Callable[[str, str], str]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(map(ip_network, _list(value(name, ""))))
    except ValueError as error:
        raise WrongSetting(
            f"{name}: {error}; it should be addresses or networks like '127.0.0.1,10.0.0.0/8'."
        ) from None


def _public_url(text: str) -> str | None:
    url = text.rstrip("/")
    if url and not re.fullmatch(rf"https?://({HOST})(:[0-9]{{1,5}})?", url):
        raise WrongSetting(
            f"LEDGER_PUBLIC_URL is {text!r}; it should be a scheme and a host, like 'https://shop.example.com'."
        )
    return url or None


def _hosts(text: str) -> frozenset[str]:
    for host in _list(text):
        if not re.fullmatch(HOST, host):
            raise WrongSetting(
                f"LEDGER_ALLOWED_HOSTS: {host!r}; it should be hosts without ports, like 'shop.example.com,10.0.0.7'."
            )
    return frozenset(host.lower() for host in _list(text))
