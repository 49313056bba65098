"""Stock Channels: the consumer of its tutorial, a group for each topic, over Redis."""
