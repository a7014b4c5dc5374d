"""The two transports."""

from __future__ import annotations

from ._core import TcpBase, Transport, UdpBase, is_ending
from ._enums import TransportType
from ._errors import ArgumentTypeError


class UdpTransport(UdpBase):
    """Datagrams: cheap, and what is lost is lost. `host` is a numeric address, port 0 any free one."""

    def __del__(self) -> None:
        # Before the garbage collector takes apart what its callbacks use.
        if not is_ending():
            self.stop()


class TcpTransport(TcpBase):
    """Connections, made when first needed and used again. `host` is a numeric address, port 0 any
    free one."""

    def __del__(self) -> None:
        if not is_ending():
            self.stop()


class TransportFactory:
    """Makes transports."""

    @staticmethod
    def create_transport(type: TransportType, host: str, port: int) -> Transport:
        """Makes a `UdpTransport` or a `TcpTransport`."""
        if type is TransportType.UDP:
            return UdpTransport(host, port)
        if type is TransportType.TCP:
            return TcpTransport(host, port)
        raise ArgumentTypeError(
            f"TransportFactory.create_transport(): type is {type!r}; give a TransportType"
        )
