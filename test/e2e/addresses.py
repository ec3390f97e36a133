"""The addresses of a node, asked of its kernel: a thousandth of what a command costs, so that tests may look often."""

import fcntl
import socket
import struct

_GET_ADDRESSES, _DUMP = 22, 0x301  # RTM_GETADDR; NLM_F_REQUEST | NLM_F_DUMP
_NEW_ADDRESS, _DONE, _ERROR = 20, 3, 2
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_SIOCGIFINDEX = 0x8933


class Addresses:
    def __init__(self, node):
        self._netlink = node.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self._netlink.settimeout(5)
        self._control = node.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def of(self, interface):
        """Addresses of an interface as packed bytes, four or sixteen each; none where there is no such interface."""
        try:
            answer = fcntl.ioctl(self._control, _SIOCGIFINDEX, struct.pack("16si20x", interface.encode(), 0))
        except OSError:
            return set()
        wanted = struct.unpack_from("i", answer, 16)[0]
        self._netlink.send(struct.pack("=IHHIIBxxxi", 24, _GET_ADDRESSES, _DUMP, 1, 0, socket.AF_UNSPEC, 0))
        found = set()
        while True:
            data = self._netlink.recv(1 << 16)
            at = 0
            while at + 16 <= len(data):
                size, kind = struct.unpack_from("=IH", data, at)
                if kind == _DONE:
                    return found
                if kind == _ERROR:
                    raise OSError("the kernel refuses to list addresses")
                if kind == _NEW_ADDRESS and struct.unpack_from("=i", data, at + 20)[0] == wanted:
                    found.add(_address(data[at + 24:at + size]))
                at += size + 3 & ~3

    def close(self):
        self._netlink.close()
        self._control.close()


def _address(attributes):
    """The own address of an entry: IFA_LOCAL, else IFA_ADDRESS, which is the peer's where both are there."""
    values = {}
    at = 0
    while at + 4 <= len(attributes):
        size, kind = struct.unpack_from("=HH", attributes, at)
        values[kind] = attributes[at + 4:at + size]
        at += max(size, 4) + 3 & ~3
    return values.get(_IFA_LOCAL, values.get(_IFA_ADDRESS))
