"""All of them, in the order of the tables."""

from bench.peers.aether import Aether, AetherOnDaphne
from bench.peers.base import Peer
from bench.peers.others import (
    ChannelsOnDaphne,
    ChannelsOnUvicorn,
    Nats,
    Nchan,
    SocketIo,
    UWebSockets,
    Ws,
)

PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Aether(), AetherOnDaphne(), ChannelsOnDaphne(), ChannelsOnUvicorn(), Ws(), SocketIo(), Nats(), Nchan(),
        UWebSockets(),
    )
}  # fmt: skip
