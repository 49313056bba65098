"""Rules: which changes of hosts, VMs and jobs make notifications, and what those say."""
